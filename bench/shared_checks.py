"""Checks that luxops' policies and other auditing tools both do, on the same subject of the same host.

`wanted` is what bench/host_checks.py (pytest-testinfra) compares with: a regular expression for the whole value. Values of
`mode` are `owner group octal-mode`, of `service` `enabled active`, of `package` `installed` or `absent`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Shared(NamedTuple):
    """One policy, and what each peer calls its check of the same subject; empty where it has none."""

    policy: str
    kind: Literal["sshd", "sysctl", "mode", "mount", "service", "package", "command"]
    subject: str
    wanted: str
    lynis: str = ""
    """What only the evaluation of this check writes to Lynis' log."""
    ssg: str = ""
    """The rule's id in SCAP Security Guide, without its prefix."""


def _lynis_sshd(option: str) -> str:
    return f"Result: Option {option} value is "


_SSHD = (
    Shared("sshd-root-login", "sshd", "permitrootlogin", "no", "PermitRootLogin", "sshd_disable_root_login"),
    Shared("sshd-password-authentication", "sshd", "passwordauthentication", "no"),
    Shared("sshd-empty-passwords", "sshd", "permitemptypasswords", "no", "", "sshd_disable_empty_passwords"),
    Shared("sshd-host-based-authentication", "sshd", "hostbasedauthentication", "no", "IgnoreRhosts", "disable_host_auth"),
    Shared("sshd-public-key-authentication", "sshd", "pubkeyauthentication", "yes", "", "sshd_enable_pubkey_auth"),
    Shared("sshd-use-pam", "sshd", "usepam", "yes", "", "sshd_enable_pam"),
    Shared("sshd-max-auth-tries", "sshd", "maxauthtries", "[1-4]", "MaxAuthTries", "sshd_set_max_auth_tries"),
    Shared("sshd-login-grace-time", "sshd", "logingracetime", "[1-5]?[0-9]|60", "LoginGraceTime", "sshd_set_login_grace_time"),
    Shared("sshd-idle-sessions", "sshd", "clientaliveinterval", "[1-9][0-9]*", "ClientAliveInterval", "sshd_set_idle_timeout"),
    Shared("sshd-max-sessions", "sshd", "maxsessions", "[1-9]|10", "MaxSessions", "sshd_set_max_sessions"),
    Shared("sshd-x11-forwarding", "sshd", "x11forwarding", "no", "X11Forwarding", "sshd_disable_x11_forwarding"),
    Shared("sshd-tcp-forwarding", "sshd", "allowtcpforwarding", "no", "AllowTcpForwarding", "sshd_disable_tcp_forwarding"),
    Shared("sshd-agent-forwarding", "sshd", "allowagentforwarding", "no", "AllowAgentForwarding"),
    Shared("sshd-tunnel-devices", "sshd", "permittunnel", "no", "PermitTunnel"),
    Shared("sshd-user-environment", "sshd", "permituserenvironment", "no", "PermitUserEnvironment",
           "sshd_do_not_permit_user_env"),
    Shared("sshd-strict-modes", "sshd", "strictmodes", "yes", "StrictModes", "sshd_enable_strictmodes"),
    Shared("sshd-log-level", "sshd", "loglevel", "VERBOSE|INFO", "LogLevel", "sshd_set_loglevel_verbose"),
)  # fmt: skip
_SYSCTL = (
    ("kernel-no-forwarding", "net.ipv4.conf.all.forwarding", "0"),
    ("kernel-no-redirects-accepted", "net.ipv4.conf.all.accept_redirects", "0"),
    ("kernel-no-redirects-sent", "net.ipv4.conf.all.send_redirects", "0"),
    ("kernel-no-source-routing", "net.ipv4.conf.all.accept_source_route", "0"),
    ("kernel-reverse-path", "net.ipv4.conf.all.rp_filter", "[12]"),
    ("kernel-log-martians", "net.ipv4.conf.all.log_martians", "1"),
    ("kernel-syn-cookies", "net.ipv4.tcp_syncookies", "[12]"),
    ("kernel-ignore-broadcast-echo", "net.ipv4.icmp_echo_ignore_broadcasts", "1"),
)
_OTHERS = (
    Shared("kernel-ipv6-advertisements", "sysctl", "net.ipv6.conf.all.accept_ra", "0"),
    Shared("sshd-configuration-files", "mode", "/etc/ssh/sshd_config", "root root 600",
           "Test: checking file/directory /etc/ssh/sshd_config"),
    Shared("sshd-private-host-keys", "mode", "/etc/ssh/ssh_host_ed25519_key", "root root 600", "",
           "file_permissions_sshd_private_key"),
    Shared("filesystem-passwd", "mode", "/etc/passwd", "root root 644", "Test: checking file/directory /etc/passwd",
           "file_permissions_etc_passwd"),
    Shared("filesystem-shadow", "mode", "/etc/shadow", "root shadow 640", "", "file_permissions_etc_shadow"),
    Shared("filesystem-cron", "mode", "/etc/crontab", "root root 600", "Test: checking file/directory /etc/crontab"),
    Shared("filesystem-root-home", "mode", "/root", "root root 700"),
    Shared("filesystem-temporary-sticky", "mode", "/tmp", "root root 1777", "Performing test ID FILE-6362"),  # noqa: S108 - a name
    Shared("filesystem-shared-memory", "mount", "/dev/shm", ".*nodev.*", "", "mount_option_dev_shm_nodev"),  # noqa: S108 - a name
    Shared("filesystem-tmp-separate", "mount", "/tmp", ".*nodev.*", "Test: Checking if /tmp is mounted", "partition_for_tmp"),  # noqa: S108 - a name
    Shared("accounts-only-root-is-root", "command", "awk -F: '$3 == 0 { print $1 }' /etc/passwd", "root",
           "Performing test ID AUTH-9204", "accounts_no_uid_except_zero"),
    Shared("accounts-unique", "command", "cut -d: -f1 /etc/passwd | sort | uniq -d", "", "Performing test ID AUTH-9208",
           "account_unique_name"),
    Shared("accounts-empty-passwords", "command", "awk -F: '$2 == \"\" { print $1 }' /etc/shadow", "",
           "Performing test ID AUTH-9283", "no_empty_passwords_etc_shadow"),
    Shared("accounts-shadowed", "command", "awk -F: '$2 != \"x\" { print $1 }' /etc/passwd", "", "",
           "accounts_password_all_shadowed"),
    Shared("accounts-password-age", "command", "awk '$1 == \"PASS_MAX_DAYS\" { print $2 }' /etc/login.defs", "[0-9]{1,3}",
           "Performing test ID AUTH-9286", "accounts_maximum_age_login_defs"),
    Shared("accounts-umask", "command", "awk '$1 == \"UMASK\" { print $2 }' /etc/login.defs", "0[0-7]7",
           "Performing test ID AUTH-9328", "accounts_umask_etc_login_defs"),
    Shared("accounts-homes", "command", "find /home -mindepth 1 -maxdepth 1 -perm /027", "", "Performing test ID HOME-9304",
           "file_permissions_home_dirs"),
    Shared("accounts-system-no-login", "command",
           "awk -F: '$3 > 0 && $3 < 1000 && $7 !~ /(nologin|false|sync)$/ { print $1 }' /etc/passwd", "", "",
           "no_password_auth_for_systemaccounts"),
    Shared("sudo-files", "mode", "/etc/sudoers", "root root 440", "Performing test ID AUTH-9252"),
    Shared("sudo-use-pty", "command", "grep -rhoE '^Defaults.*use_pty' /etc/sudoers /etc/sudoers.d | head -n 1", ".+", "",
           "sudo_add_use_pty"),
    Shared("sudo-authentication", "command", "grep -rE '!authenticate' /etc/sudoers /etc/sudoers.d", "", "",
           "sudo_remove_no_authenticate"),
    Shared("sudo-no-negation", "command", "grep -rE '^[^#]*=.*!/' /etc/sudoers /etc/sudoers.d", "", "",
           "sudoers_no_command_negation"),
    Shared("sudo-all-without-password", "command", "grep -rlE '^[^#]*NOPASSWD: *ALL' /etc/sudoers /etc/sudoers.d", ".*", "",
           "sudo_remove_nopasswd"),
    Shared("audit-installed", "package", "auditd", "installed", "Performing test ID ACCT-9628", "package_audit_installed"),
    Shared("audit-immutable", "command", "grep -rhE '^-e 2' /etc/audit/rules.d", "-e 2", "", "audit_rules_immutable"),
    Shared("time-service", "service", "systemd-timesyncd", "enabled active", "Performing test ID TIME-3104"),
    Shared("firewall-enabled", "service", "nftables", "enabled active", "Performing test ID FIRE-4590"),
    Shared("logging-persistent", "command", "test -d /var/log/journal && echo yes", "yes"),
    Shared("services-no-remote-shells", "package", "telnetd", "absent", "Performing test ID INSE-8322",
           "package_telnetd_removed"),
    Shared("packages-no-development-tools", "package", "gcc", "absent", "Performing test ID HRDN-7222"),
    Shared("packages-automatic-security", "package", "unattended-upgrades", "installed|absent", "Performing test ID PKGS-7420"),
    Shared("services-none-failed", "command", "systemctl --failed --plain --no-legend", ""),
)  # fmt: skip
SHARED: tuple[Shared, ...] = (
    *(check._replace(lynis=check.lynis and _lynis_sshd(check.lynis)) for check in _SSHD),
    *(Shared(policy, "sysctl", key, wanted, f"Result: sysctl key {key} ") for policy, key, wanted in _SYSCTL),
    *_OTHERS,
)
LYNIS_TESTS = (
    *("SSH-7402", "SSH-7404", "SSH-7406", "SSH-7408", "KRNL-6000", "FILE-7524", "FILE-6310", "FILE-6362"),
    *("AUTH-9204", "AUTH-9208", "AUTH-9252", "AUTH-9283", "AUTH-9286", "AUTH-9328", "HOME-9304", "ACCT-9628"),
    *("TIME-3104", "FIRE-4590", "INSE-8322", "HRDN-7222", "PKGS-7420"),
)
"""Lynis' tests that hold these checks, and those that they need to have run before."""
