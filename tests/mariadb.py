"""A MariaDB of a run's own, from the system's package, on a port of loopback; with a certificate that nobody signed."""

import datetime
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pymysql  # type: ignore[import-untyped]
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def program(name: str) -> str | None:
    """Where a program of the server's is; Debian's lies where plain users do not look."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


INSTALLED = program("mariadbd") is not None and program("mariadb-install-db") is not None


@dataclass
class MariaDB:
    """`unix` lets root in without a password; logins that tests make come by `port` too."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def unix(self) -> str:
        return str(self.folder / "s")

    def start(self) -> None:
        data = self.folder / "data"
        owner = ["--user=nobody"] if os.geteuid() == 0 else []
        certify(self.folder)
        if owner:  # mariadbd does not run as root
            for one in (self.folder, *self.folder.iterdir()):
                shutil.chown(one, "nobody")
        make = ["--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
        with (self.folder / "log").open("ab") as log:
            subprocess.run(
                [str(program("mariadb-install-db")), *make, "--skip-name-resolve", *owner],
                stdout=log,
                stderr=log,
                check=True,
                timeout=90,
            )
            options = {
                "datadir": data,
                "socket": self.unix,
                "port": self.port,
                "bind-address": "127.0.0.1",
                "pid-file": self.folder / "pid",
                "ssl-cert": self.folder / "cert.pem",
                "ssl-key": self.folder / "key.pem",
                "innodb-flush-log-at-trx-commit": 0,
                "innodb-buffer-pool-size": "32M",
                "secure-file-priv": self.folder,
            }
            given = [f"--{name}={value}" for name, value in options.items()]
            self.process = subprocess.Popen(
                [str(program("mariadbd")), "--no-defaults", "--skip-name-resolve", "--local-infile=1", *given, *owner],
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()[-2_000:]) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)

    def look(self, *statements: str) -> tuple[tuple[Any, ...], ...]:
        """Ask as root; the rows of the last statement."""
        connection = pymysql.connect(unix_socket=self.unix, user="root", charset="utf8mb4", autocommit=True)
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return tuple(cursor.fetchall())
        finally:
            connection.close()


def certify(folder: Path) -> None:
    """A key and a certificate of its own for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's MariaDB")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
