"""Sealed secrets open in their own place, with a key we have, and nowhere else."""

import pytest

from invoicer_core.host.vault import Place, Vault, VaultError

OLD, NEW, OTHER = "a" * 32, "b" * 32, "c" * 32
HERE = Place(1, "sample", "token")


def test_what_is_sealed_opens_again():
    vault = Vault([NEW])
    sealed = vault.seal(HERE, "sk_live_ü")
    assert "sk_live" not in sealed
    assert vault.open(HERE, sealed) == "sk_live_ü"
    assert vault.seal(HERE, "sk_live_ü") != sealed


@pytest.mark.parametrize(
    "place", [Place(2, "sample", "token"), Place(1, "other", "token"), Place(1, "sample", "spare")]
)
def test_it_opens_nowhere_else(place):
    vault = Vault([NEW])
    with pytest.raises(VaultError, match="sealed for elsewhere"):
        vault.open(place, vault.seal(HERE, "secret"))


def test_a_new_key_opens_the_old_ones_seals_and_seals_anew():
    old, both = Vault([OLD]), Vault([NEW, OLD])
    sealed = old.seal(HERE, "secret")
    assert not both.is_current(sealed)
    again = both.resealed(HERE, sealed)
    assert both.is_current(again)
    assert both.resealed(HERE, again) == again
    assert Vault([NEW]).open(HERE, again) == "secret"


@pytest.mark.parametrize(
    "broken",
    [
        lambda sealed: sealed[:-4] + "AAAA",
        lambda sealed: sealed.partition(":")[0] + ":",
        lambda sealed: "",
        lambda sealed: "nonsense",
        lambda sealed: sealed.partition(":")[0] + ":\xff",
    ],
)
def test_a_damaged_seal_is_refused_without_showing_it(broken):
    vault = Vault([NEW])
    with pytest.raises(VaultError) as caught:
        vault.open(HERE, broken(vault.seal(HERE, "secret")))
    assert "secret" not in str(caught.value)


def test_a_foreign_key_opens_nothing():
    with pytest.raises(VaultError, match="a key that is not here"):
        Vault([OTHER]).open(HERE, Vault([NEW]).seal(HERE, "secret"))


def test_there_must_be_a_key():
    with pytest.raises(VaultError):
        Vault([])


def test_no_key_is_in_a_repr():
    assert NEW not in repr(vars(Vault([NEW])))
