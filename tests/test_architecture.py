"""The house's own rules, as tests."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command

from config import ROOT
from home.models import Cooperative

OURS = ("home", "campaigns", "pledges", "updates")

#: Where work is done for every cooperative: queues, webhooks, periodic work, commands of the operator.
MAY_CROSS = {
    "home/tenancy.py",
    "home/mail/claims.py",
    "home/mail/holding.py",
    "home/mail/since_restored.py",
    "home/outbox.py",
    "home/metrics/of_house.py",
    "home/self_checks/running.py",
    "home/page_cache/pulse.py",
    "home/privacy/erasures.py",
    "home/privacy/retention.py",
    "home/mail/tracking.py",
    "pledges/erasing.py",
    "pledges/figures_of_money.py",
    "pledges/fulfilment_tasks.py",
    "pledges/tasks.py",
    "pledges/refunds.py",
    "pledges/saved_cards.py",
    "pledges/views/discovery.py",
    "pledges/webhooks.py",
    "pledges/management/commands/erase_again.py",
    "pledges/management/commands/settle_due.py",
    "pledges/management/commands/check_ledger.py",
    "campaigns/management/commands/check_terms.py",
    "campaigns/tasks.py",
    "updates/minding.py",
    "updates/sending.py",
    "updates/tasks.py",
    "updates/waiting.py",
}


def python_files(*folders):
    for folder in folders:
        yield from (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module


def test_site_is_not_a_package():
    assert not (ROOT / "site" / "__init__.py").exists()


def test_stripe_is_imported_by_the_gateway_alone():
    users = {
        path.relative_to(ROOT).parts[:2]
        for path in python_files(*OURS, "site")
        for name in imports_of(path)
        if name.split(".")[0] == "stripe"
    }
    assert users == {("pledges", "gateway")}


def test_layers_hold():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'site'}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.django_db
def test_migrations_are_complete():
    call_command("makemigrations", check=True, dry_run=True)


def test_block_definitions_stay_out_of_migrations():
    guilty = [str(path) for path in ROOT.glob("*/migrations/0*.py") if "blocks" in path.read_text()]
    assert guilty == []


def test_every_model_of_a_cooperative_is_scoped():
    unscoped = [
        model.__name__
        for label in OURS
        for model in apps.get_app_config(label).get_models()
        if any(field.name == "cooperative" for field in model._meta.get_fields())
        and model is not Cooperative
        and type(model._default_manager).__name__ != "ScopedManager"
    ]
    assert unscoped == ["Membership"]


def test_scopes_are_lifted_in_listed_modules_only():
    lifters = {
        str(path.relative_to(ROOT))
        for path in python_files(*OURS, "site")
        if re.search(r"\b(across_cooperatives|scopes_disabled)\(", path.read_text())
    }
    assert lifters <= MAY_CROSS, sorted(lifters - MAY_CROSS)


def test_the_product_asks_its_own_clock():
    """Leases, heartbeats and the pace of calls use the machine’s; everything else home.clock."""
    own = {"home/clock.py", "home/ticking.py", "home/health.py", "home/mail/claims.py", "pledges/pacing.py"}
    own |= {"home/metrics/registry.py", "home/doctor/of_machine.py", "pledges/doctoring.py"}
    guilty = {
        str(path.relative_to(ROOT))
        for path in python_files(*OURS)
        if re.search(r"timezone\.now\(|datetime\.now\(|date\.today\(", path.read_text())
    }
    assert guilty <= own, sorted(guilty - own)


def test_modules_and_functions_stay_small():
    long = []
    for path in python_files(*OURS, "site", "sandbox"):
        text = path.read_text()
        if text.count("\n") > 400:
            long.append(str(path))
        long += [
            f"{path}:{node.name}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno >= 60
        ]
    assert long == []


def test_no_template_carries_its_own_style_or_script():
    guilty = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if "emails" not in path.parts
        and re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|\|safe", path.read_text())
    ]
    assert guilty == []
