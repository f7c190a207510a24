"""Run by Alembic, inside the transaction that `prepare_schema` has opened."""

from alembic import context

from luxops.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    # SQLite changes a table only by copying it.
    render_as_batch=True,
)
context.run_migrations()
