from __future__ import annotations

import os
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import bindparam, create_engine, text
from tests.support.looks import INVENTORY, look, minute

import luxops.store
from luxops.model import ChangeState
from luxops.store import ChangeLog, StoreError, engine, open_store, tables

MIGRATIONS = Path(luxops.store.__file__).parent / "migrations"


def test_the_migrations_build_what_the_code_reads(store_url: str) -> None:
    with open_store(store_url):
        pass
    direct = create_engine(store_url)
    with direct.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    direct.dispose()


def test_the_newest_migration_is_what_the_code_expects() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == engine.SCHEMA


def test_a_store_of_a_newer_luxops_is_refused_and_left_alone(store_url: str) -> None:
    with open_store(store_url) as store:
        look(store, minute(0))
    direct = create_engine(store_url)
    with direct.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError) as caught:
        open_store(store_url)
    assert "newer luxops" in caught.value.diagnosis()
    assert "9999" in caught.value.diagnosis()
    with direct.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM scans")).scalar_one() == 1
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": engine.SCHEMA})
    direct.dispose()
    with open_store(store_url) as store:
        assert store.latest_scan() is not None


@pytest.mark.slow
def test_many_processes_may_open_a_new_store_at_once(store_url: str) -> None:
    children = []
    for _ in range(6):
        child = os.fork()
        if child == 0:
            try:
                with open_store(store_url) as store:
                    look(store, minute(0))
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 6
    with open_store(store_url) as store:
        assert len(store.scans()) == 6


def test_foreign_keys_are_enforced(store_url: str) -> None:
    with open_store(store_url) as store, pytest.raises(StoreError), store.write() as connection:
        connection.execute(
            tables.observations.insert().values(target=77, fact="x", digest="sha256:" + "0" * 64, since_scan=1, since=minute(0))
        )


def test_a_journal_of_the_second_schema_is_taken_along(store_url: str) -> None:
    """What an older luxops wrote down is still told after the migration, and nothing is made up for it."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    direct = engine.connect(engine.parse_url(store_url), 15)
    with engine.writing(direct) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(
            text(
                "INSERT INTO changes (id, domain, title, plan, requested_by, began, state, machine, process)"
                " VALUES ('old', 'cloud', 'cloud up', :plan, 'ops@bastion', :began, 'running', 'boot:gone:[1]', '1@1')"
            ).bindparams(bindparam("plan", type_=tables.DigestBytes()), bindparam("began", type_=tables.Instant())),
            {"plan": INVENTORY, "began": minute(0)},
        )
        connection.execute(
            text("INSERT INTO effects (change, subject, action, outcome, detail) VALUES (1, 'chl', 'create', 'done', '')")
        )
    direct.dispose()
    with open_store(store_url) as store:
        change = ChangeLog(store).change("old")
        assert (change.state, change.emergency, change.person) == (ChangeState.INTERRUPTED, False, "")
        assert [(effect.subject, effect.at) for effect in change.effects] == [("chl", None)]
