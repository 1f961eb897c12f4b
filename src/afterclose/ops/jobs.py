"""Background work of ops, gathered where jobs are looked for."""

from afterclose.ops.sample.jobs import destroy_sample_data, generate_sample_data

__all__ = ["destroy_sample_data", "generate_sample_data"]
