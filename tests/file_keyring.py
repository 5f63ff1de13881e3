"""A keyring that keeps what it is given in a file, so that several processes of a test share it.

PYTHON_KEYRING_BACKEND=tests.file_keyring.FileKeyring TEST_KEYRING=/tmp/.../ring.json
"""

import json
import os
from pathlib import Path

import keyring.errors
from keyring.backend import KeyringBackend


class FileKeyring(KeyringBackend):
    """One JSON object: service and user, to the password."""

    priority = 1

    @property
    def kept(self):
        path = Path(os.environ["TEST_KEYRING"])
        return json.loads(path.read_text()) if path.exists() else {}

    def _write(self, kept):
        Path(os.environ["TEST_KEYRING"]).write_text(json.dumps(kept))

    def set_password(self, service, username, password):
        self._write({**self.kept, f"{service} {username}": password})

    def get_password(self, service, username):
        return self.kept.get(f"{service} {username}")

    def delete_password(self, service, username):
        kept = self.kept
        if kept.pop(f"{service} {username}", None) is None:
            raise keyring.errors.PasswordDeleteError
        self._write(kept)
