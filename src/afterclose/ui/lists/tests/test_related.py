"""What is asked of one other table alone gives the same rows there as in the list."""

from datetime import date

from django.db.models import F, Q
from hypothesis import given, settings, strategies as st

from afterclose.accounts.models import Account, Contact
from afterclose.billing.models import AccountBilling
from afterclose.ui.lists.related import found_in_related

from .conftest import add

DAYS = [date(2026, 11, day) for day in (1, 2, 3)]
LEAVES = st.one_of(
    st.tuples(st.just("billing__arr"), st.sampled_from([None, 0, 1, 2])),
    st.tuples(st.just("billing__period_ends_on"), st.sampled_from([None, *DAYS])),
    st.tuples(st.sampled_from(["billing__arr__gte", "billing__arr__lt"]), st.integers(0, 3)),
    st.tuples(st.just("billing__period_ends_on__lt"), st.sampled_from(DAYS)),
    st.tuples(
        st.sampled_from(["billing__arr__isnull", "billing__period_ends_on__isnull"]), st.booleans()
    ),
    st.tuples(st.just("billing__period_ends_on__in"), st.lists(st.sampled_from(DAYS), max_size=2)),
    st.tuples(st.just("seats"), st.integers(0, 3)),
    st.tuples(st.just("pk__in"), st.just("accounts with three seats")),
)
CONDITIONS = st.recursive(
    LEAVES.map(lambda leaf: ("is", leaf)),
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3)),
        st.tuples(st.just("not"), inner),
    ),
    max_leaves=5,
)


def as_q(tree):
    kind, what = tree
    if kind == "is":
        lookup, value = what
        return Q(**{lookup: Account.objects.filter(seats=3) if lookup == "pk__in" else value})
    if kind == "not":
        return ~as_q(what)
    found = as_q(what[0])
    for each in what[1:]:
        found = found & as_q(each) if kind == "and" else found | as_q(each)
    return found


def ids(everything, *conditions):
    found = found_in_related(everything, conditions)
    return None if found is None else set(found.ids)


@settings(max_examples=150)
@given(CONDITIONS)
def test_whatever_is_asked_gives_the_same_rows(owner, tree):
    if not Account.objects.exists():
        for seats in (0, 3):
            add("Unbilled", seats=seats)
            for arr in (0, 1, 2):
                for day in (None, *DAYS):
                    made = add(f"Customer {arr} {day}", arr=arr, seats=seats)
                    AccountBilling.objects.filter(account=made).update(period_ends_on=day)
    condition = as_q(tree)
    found = ids(Account.objects.all(), condition)
    if found is not None:
        assert found == set(Account.objects.filter(condition).values_list("pk", flat=True))


def test_a_range_of_another_table_is_read_there(owner):
    near, far = add("Near", arr=1), add("Far", arr=9)
    add("Unbilled")
    everything = Account.objects.all()
    assert ids(everything, Q(billing__arr__lt=5)) == {near.pk}
    assert ids(everything, Q(billing__arr__gt=0), ~Q(pk__in=[near.pk])) == {far.pk}
    found = found_in_related(everything, [Q(billing__arr__gt=0)])
    assert "accounts_account" not in str(found.ids.query)


def test_what_may_hold_without_a_row_there_is_read_in_the_list(owner):
    everything = Account.objects.all()
    for condition in (
        Q(billing__arr=None),
        Q(billing__period_ends_on__isnull=True),
        ~Q(billing__arr=1),
        Q(billing__arr=1) | Q(pk__in=[1]),
    ):
        assert ids(everything, condition) is None


def test_what_leads_on_to_several_rows_is_read_in_the_list(owner):
    ann = add("Ann's", arr=1)
    for name in ("Ann", "Andy"):
        Contact.objects.create(account=ann, name=name)
    led = Q(billing__account__contacts__name__in=["Ann", "Andy"])
    assert ids(Account.objects.all(), led) is None


def test_what_is_about_more_than_one_table_is_read_in_the_list(owner):
    everything = Account.objects.all()
    ends = Q(billing__period_ends_on__lt=date(2026, 12, 1))
    assert ids(everything, ends, Q(seats=1)) is None
    assert ids(everything, ends, None) is None
    assert ids(everything, Q(billing__arr__gt=F("billing__seats"))) is None
    assert ids(Account.objects.filter(seats=1), ends) is None
    assert ids(Contact.objects.all(), Q(account__seats=1)) is None
    assert ids(everything) is None
