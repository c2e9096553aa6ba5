from xautolm_nb.optimize.identity import ByIdentity


def test_keys_of_the_same_objects_are_equal_and_of_equal_copies_are_not() -> None:
    one, twin = [1], [1]
    assert ByIdentity((one, "x")) == ByIdentity((one, "x"))
    assert hash(ByIdentity((one,))) == hash(ByIdentity((one,)))
    assert ByIdentity((one,)) != ByIdentity((twin,))
    assert ByIdentity((one,)) != ByIdentity((one, one))
    assert ByIdentity((one,)) != one
