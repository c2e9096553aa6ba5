"""What must not be seen is hidden, whatever is around it, and nothing else is touched."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xautolm_nb.core.secrets import without_secrets

TOKEN = "hf_" + "aB3" * 11 + "x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:s3cret@host/db", "postgresql://me:***@host/db"),
        ("postgresql+psycopg://me:s3/cr@t@host:5432/db failed", "postgresql+psycopg://me:***@host:5432/db failed"),
        ("postgresql:/me:s3cret@host/db", "postgresql:/me:***@host/db"),
        ("postgresql://:s3cret@host/db", "postgresql://:***@host/db"),
        ("postgresql://me@host/db?password=s3cret&sslmode=require", "postgresql://me@host/db?password=***&sslmode=require"),
        ("host=h Password = s3cret user=me", "host=h Password = *** user=me"),
        (f"401 for token {TOKEN} (repo a/b)", "401 for token hf_*** (repo a/b)"),
        ("https://user:" + TOKEN + "@huggingface.co/x", "https://user:***@huggingface.co/x"),
    ],
)  # fmt: skip
def test_passwords_and_tokens_are_hidden(text: str, shown: str) -> None:
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sqlite:///home/me/store.sqlite",
        "postgresql://me@host:5432/db",
        "https://huggingface.co/distilbert/distilbert-base-uncased",
        "hf_cache is empty",
        "the password was refused",
        "see https://example.org/a:b and mail me@example.org",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


@given(
    password=st.text(st.characters(blacklist_characters="'\"", blacklist_categories=["Z", "C"]), min_size=1),
    around=st.tuples(st.text(), st.text()),
)
def test_json_stays_json(password: str, around: tuple[str, str]) -> None:
    data = {around[0]: [f"{around[1]} postgresql://me:{password}@host/db", TOKEN]}
    kept = json.loads(without_secrets(json.dumps(data, ensure_ascii=False)))
    shown, token = next(iter(kept.values()))
    assert token == "hf_***"
    assert shown.endswith("me:***@host/db")
