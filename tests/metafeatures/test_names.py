import pytest

from xautolm_nb.core.errors import RequestError
from xautolm_nb.metafeatures.names import feature_names


@pytest.mark.parametrize(
    ("kind", "count"), [("classification", 10), ("generation", 11), ("extractive_qa", 11), ("system", 5)]
)
def test_each_vector_has_its_names(kind: str, count: int) -> None:
    names = feature_names(kind)
    assert len(names) == len(set(names)) == count


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RequestError, match="'regression'"):
        feature_names("regression")
