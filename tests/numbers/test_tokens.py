import base64
import hashlib
import hmac
import json
from pathlib import Path

import pyarrow as pa
import pytest

from ringfence.errors import InputError, UsageError
from ringfence.numbers.normalise import normalise
from ringfence.numbers.tokens import KeyRing, TokenKey, is_token, key_id_of, new_key, read_keys, write_keys

VECTORS = json.loads((Path(__file__).parents[1] / "vectors/numbers/tokens.json").read_text())
NUMBER = "+447700900123"


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['key_id']} {v['number']}")
def test_vector(vector: dict[str, str]) -> None:
    key = TokenKey(bytes.fromhex(vector["secret_hex"]))
    assert key.id == vector["key_id"] == key_id_of(vector["token"])
    assert key.token(vector["number"]) == vector["token"]


def test_the_scheme_as_documented() -> None:
    secret = bytes(range(32))
    digest = hmac.new(secret, b"ringfence number t1\0" + NUMBER.encode(), hashlib.sha256).digest()[:16]
    expected = base64.b32encode(digest).decode().rstrip("=").lower()
    assert TokenKey(secret).token(NUMBER).split(":")[2] == expected


def test_a_token_is_never_hidden_twice_and_never_read_as_a_number() -> None:
    token = new_key().token(NUMBER)
    assert is_token(token) and new_key().token(token) == token
    assert normalise(token, "GB") == (token, None)
    assert not any(is_token(text) for text in (NUMBER, "159", token.upper(), token + "a", " " + token, ""))
    assert key_id_of(NUMBER) is None


def test_columns_keep_nulls() -> None:
    key = new_key()
    numbers = pa.chunked_array([[NUMBER, None], [NUMBER, "159"]])
    assert key.hide(numbers).to_pylist() == [key.token(NUMBER), None, key.token(NUMBER), key.token("159")]


def test_rotation_keeps_the_old_key_recognisable(tmp_path: Path) -> None:
    file = tmp_path / "key"
    old, new = new_key(), new_key()
    write_keys(file, KeyRing((old,)))
    write_keys(file, KeyRing((new, *read_keys(file).keys)), replace=True)
    ring = read_keys(file)
    assert ring.current.id == new.id and ring.by_id(old.id) == old
    assert ring.matches(NUMBER, old.token(NUMBER)) and ring.matches(NUMBER, new.token(NUMBER))
    assert not ring.matches("+447700900124", old.token(NUMBER))
    assert not ring.matches(NUMBER, new_key().token(NUMBER))
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_keys(file, KeyRing((new_key(),)))
    with pytest.raises(UsageError, match="exists"):
        write_keys(file, KeyRing((new_key(),)))
    with pytest.raises(UsageError, match="cannot write the key file"):
        write_keys(tmp_path / "absent" / "key", KeyRing((new_key(),)))


def test_others_must_not_read_the_key(tmp_path: Path) -> None:
    file = tmp_path / "key"
    write_keys(file, KeyRing((new_key(),)))
    file.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        read_keys(file)


@pytest.mark.parametrize(
    "content", [b"", b"# nothing\n", b"hello\n", b"ringfence-key-1:aaaaaaaa:AAAA\n", b"\xff\xfe"]
)
def test_broken_key_files_are_one_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(InputError) as caught:
        read_keys(file)
    assert "\n" not in str(caught.value) and str(file) in str(caught.value)


def test_a_secret_is_not_shown() -> None:
    key = new_key()
    assert repr(key) == f"TokenKey({key.id})" and str(key.secret) not in str(KeyRing((key,)))
