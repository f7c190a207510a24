"""A whole answer of one hardened host, section by section, as the sections print it; and the frames around it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from luxops.domains.hosts import script
from luxops.domains.hosts.facts.interface import Answer, SectionAnswer
from luxops.model import TargetId
from luxops.transports.interface import CommandReply

HOST = TargetId("chl-pacs1")
NONCE = "0123456789abcdef0123456789abcdef"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBUTCB+KADAgECAgEBMAoGCCqGSM49BAMCMBsxGTAXBgNVBAMMEHBhY3MuY2hs
LmV4YW1wbGUwHhcNMjYwMTAxMDAwMDAwWhcNMjYwMzMxMDAwMDAwWjAbMRkwFwYD
VQQDDBBwYWNzLmNobC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
9An+APXqleTeEU7jN2FwIIwHPDQsm2dLrAAyefTSnQ1qPyLmqqAcKPgWPeWyJiNe
zWjmkghI2y5G8ky6EAONxaMtMCswGwYDVR0RBBQwEoIQcGFjcy5jaGwuZXhhbXBs
ZTAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0gAMEUCIQDEgSfA2qdV6epkrvhc
jpqhpirJAqgB/XRxKIPTXD3o4AIgNlfKtLnkt1gC8NYWsaYg8JzqvWOITt6OBg9i
Fepv9F8=
-----END CERTIFICATE-----
"""

ROLE = "controller"
"""The role of a host that is asked for every fact."""
CONTROLLERS = Path(__file__).parent / "openstack"
"""`NAME/etc`: configuration of a hardened and of a careless controller; `NAME.answer`: what the script prints there."""

SECTIONS: dict[str, str] = {
    "openstack.root": (CONTROLLERS / "hardened.answer").read_text(),
    "sysctl.state": """\
- /proc/sys/kernel/yama/ptrace_scope
! /proc/sys/net/core/bpf_jit_enable
/proc/sys/kernel/randomize_va_space:2
/proc/sys/kernel/core_pattern:core
/proc/sys/kernel/printk:4\t4\t1\t7
/proc/sys/net/ipv4/conf/all/rp_filter:1
/proc/sys/net/ipv4/conf/eth0.7/rp_filter:0
@@ open 0
""",
    "mounts.state": """\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro
23 22 0:5 / /proc rw,nosuid,nodev,noexec - proc proc rw
24 23 0:6 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw
25 22 0:7 / /tmp rw,nosuid,nodev,noexec shared:2 - tmpfs tmpfs rw,size=1024k
26 22 0:8 / /media/with\\040space rw - ext4 /dev/vdb ro
@@ mountinfo 0
""",
    "modules.state": """\
ext4
usb_storage
@@ loaded 0
0
@@ disabled 0
/etc/modprobe.d/hardening.conf
/usr/lib/modprobe.d/hardening.conf
@@ files 0
/etc/modprobe.d/hardening.conf:install cramfs /bin/false
/etc/modprobe.d/hardening.conf:blacklist firewire-core
/usr/lib/modprobe.d/hardening.conf:install udf /bin/true
@@ directives 0
dep:kernel/fs/udf/udf.ko
dep:kernel/drivers/firewire/firewire-core.ko
dep:kernel/fs/cramfs/cramfs.ko
builtin:/squashfs.ko
@@ index 0
""",
    "packages.state": """\
ii \tdpkg\tamd64\t1.21.22
ii \tlibc6\tamd64\t2.36-9
ii \tlibc6\ti386\t2.36-9
hi \tlinux-base\tall\t4.9
rc \ttelnetd\tamd64\t0.17
iF \tbroken\tall\t1.0
@@ packages 0
""",
    "updates.state": """\
openssl 3.0.14-1 3.0.15-1 http://mirror.example/debian-security bookworm-security/main
openssl 3.0.14-1 3.0.15-1 http://mirror.example/debian bookworm/main
tzdata 2024a-0 2024b-0 http://mirror.example/debian bookworm/main
seen 412
@@ policy 0
1772020800 /var/lib/apt/lists/mirror.example_debian-security_dists_bookworm-security_main_binary-amd64_Packages
1771934400 /var/lib/apt/lists/mirror.example_debian_dists_bookworm_InRelease
@@ lists 0
APT::Periodic::Unattended-Upgrade 1
@@ automatic 0
""",
    "services.units": """\
ssh.service loaded active running OpenBSD Secure Shell server
auditd.service loaded active running Security Auditing Service
rsyslog.service loaded active running System Logging Service
systemd-timesyncd.service loaded active running Network Time Synchronization
broken.service loaded failed failed Breaks
gone.service not-found inactive dead gone.service
user@1000.service loaded active running User Manager
@@ units 0
f\t500\t/usr/lib/systemd/system/ssh.service\t
f\t500\t/usr/lib/systemd/system/auditd.service\t
f\t500\t/usr/lib/systemd/system/rsyslog.service\t
f\t500\t/usr/lib/systemd/system/systemd-timesyncd.service\t
f\t500\t/usr/lib/systemd/system/broken.service\t
f\t500\t/usr/lib/systemd/system/rsync.service\t
f\t500\t/usr/lib/systemd/system/getty@.service\t
f\t500\t/usr/lib/systemd/system/cups.service\t
f\t500\t/usr/lib/systemd/system/hand.service\t
l\t40\t/etc/systemd/system/multi-user.target.wants/ssh.service\t/usr/lib/systemd/system/ssh.service
l\t40\t/etc/systemd/system/multi-user.target.wants/auditd.service\t/usr/lib/systemd/system/auditd.service
l\t40\t/etc/systemd/system/multi-user.target.wants/rsyslog.service\t/usr/lib/systemd/system/rsyslog.service
l\t40\t/etc/systemd/system/multi-user.target.wants/getty@tty1.service\t/usr/lib/systemd/system/getty@.service
l\t9\t/etc/systemd/system/cups.service\t/dev/null
f\t500\t/etc/systemd/system/multi-user.target.wants/hand.service\t
l\t40\t/etc/systemd/system/dbus-org.freedesktop.timesync1.service\t/usr/lib/systemd/system/systemd-timesyncd.service
l\t40\t/etc/systemd/system/other.service\t/usr/lib/systemd/system/rsync.service
@@ files 0
/usr/lib/systemd/system/ssh.service:WantedBy=multi-user.target
/usr/lib/systemd/system/auditd.service:WantedBy=multi-user.target
/usr/lib/systemd/system/rsyslog.service:WantedBy=multi-user.target
/usr/lib/systemd/system/systemd-timesyncd.service:WantedBy=multi-user.target
/usr/lib/systemd/system/rsync.service:WantedBy=multi-user.target
/usr/lib/systemd/system/getty@.service:WantedBy=multi-user.target
/usr/lib/systemd/system/cups.service:WantedBy=multi-user.target
/usr/lib/systemd/system/hand.service:WantedBy=multi-user.target
/usr/lib/systemd/system/systemd-timesyncd.service:Alias=dbus-org.freedesktop.timesync1.service
@@ install 0
/usr/lib/systemd/system/multi-user.target
@@ default 0
""",
    "sockets.state": """\
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* ino:1 sk:1 cgroup:/system.slice/ssh.service <->
@@ sockets 0
0:root
101:systemd-resolve
@@ accounts 0
""",
    "accounts.state": """\
root:shadowed:0:0:/root:/bin/bash
nobody:shadowed:65534:65534:/nonexistent:/usr/sbin/nologin
luxops:shadowed:1000:1000:/home/luxops:/bin/bash
twin:empty:1000:1000:/home/twin:/bin/sh
@@ passwd 0
root:0:
sudo:27:luxops,twin
+
@@ group 0
UID_MIN\t1000
UMASK 077
ENCRYPT_METHOD YESCRYPT
@@ login_defs 0
""",
    "pam.state": """\
/etc/pam.d/common-auth
/etc/pam.d/su
@@ files 0
/etc/pam.d/common-auth:auth\t[success=1 default=ignore]\tpam_unix.so nullok
/etc/pam.d/common-auth:-auth optional /lib/security/pam_cap.so
/etc/pam.d/su:@include common-auth
@@ stacks 0
minlen = 14
enforce_for_root
@@ pwquality 0
deny = 3
@@ faillock 0
""",
    "timesync.state": """\
/etc/systemd/timesyncd.conf:NTP=old.example
/etc/systemd/timesyncd.conf.d/luxith.conf:NTP=
/etc/systemd/timesyncd.conf.d/luxith.conf:NTP=10.250.0.9 10.250.1.9
/etc/chrony/chrony.conf:pool 2.debian.pool.ntp.org iburst
@@ settings 0
yes
@@ timesyncd 0
@@ chrony 1
/usr/share/zoneinfo/Europe/Luxembourg
@@ zone 0
""",
    "logging.state": """\
file /etc/systemd/journald.conf
file /usr/lib/systemd/journald.conf.d/10-a.conf
file /etc/systemd/journald.conf.d/10-a.conf
set /etc/systemd/journald.conf:Storage=volatile
set /usr/lib/systemd/journald.conf.d/10-a.conf:Storage=none
set /etc/systemd/journald.conf.d/10-a.conf:Storage=auto
@@ journald 0
yes
@@ journal 0
$FileCreateMode 0640
*.* action(type="omfwd" target="10.250.0.10" port="6514" protocol="tcp"
  StreamDriver="gtls" StreamDriverMode="1")
*.* @@10.250.1.10:1514
@@ rsyslog 0
@@ upload 0
8180 root 0 adm 4 /var/log/syslog
@@ files 0
""".replace("*.* @@", "*.*  @@"),
    "kernel.state": """\
6.1.0-18-amd64 x86_64
@@ uname 0
ID=debian
VERSION_ID=12
@@ os 0
BOOT_IMAGE=/vmlinuz root=/dev/vda1 quiet audit=1
@@ cmdline 0
none [integrity] confidentiality
@@ lockdown 0
lockdown,capability,yama,apparmor
@@ lsms 0
Y
@@ apparmor 0
none
@@ container 0
0
@@ taint 0
   6   0   0   0   1
@@ secure_boot 0
@@ reboot 0
@@ reboot_packages 0
6.1.0-18-amd64
6.1.0-21-amd64
@@ kernels 0
/sys/devices/system/cpu/vulnerabilities/mds:Mitigation: Clear CPU buffers
@@ vulnerabilities 0
""",
    "sshd.effective": """\
port 22
permitrootlogin no
passwordauthentication no
maxauthtries 4
ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com
macs hmac-sha2-512-etm@openssh.com
kexalgorithms curve25519-sha256
acceptenv LANG
acceptenv LC_*
banner none
@@ effective 0
8180 root 0 root 0 /etc/ssh/ssh_host_ed25519_key
@@ files 0
include /etc/ssh/sshd_config.d/*.conf
match User backup
set passwordauthentication yes
@@ matches 0
""",
    "sysctl.root": """\
/proc/sys/fs/protected_symlinks:1
@@ root 0
""",
    "sockets.owners": """\
udp UNCONN 0 0 127.0.0.53%lo:53 0.0.0.0:* users:(("systemd-resolve",pid=300,fd=12)) uid:101 ino:9 sk:9 <->
tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3),("systemd",pid=1,fd=4)) ino:1 sk:1 <->
tcp LISTEN 0 128 [::]:22 [::]:* users:(("sshd",pid=1,fd=4)) ino:2 sk:2 v6only:1 <->
tcp LISTEN 0 64 *:2049 *:* ino:3 sk:3 <->
@@ sockets 0
""",
    "accounts.root": """\
root:locked::19700:0:99999:7::
luxops:hashed:y:19700:1:365:7:20000:30
old:locked:6:0:0:99999:7::
@@ shadow 0
root:/root
luxops:/home/luxops
@@ homes 0
41c0 root 0 root 0 /root
41e8 luxops 1000 luxops 1000 /home/luxops
8180 luxops 1000 luxops 1000 /home/luxops/.ssh/authorized_keys
@@ modes 0
/home/luxops/.ssh/authorized_keys\tssh-ed25519\tfrom,restrict
@@ keys 0
""",
    "sudo.rules": """\
yes
@@ installed 0
8120 root 0 root 0 /etc/sudoers
@@ files 0
/etc/sudoers:1:Defaults use_pty, !authenticate, timestamp_timeout=5
/etc/sudoers:2:Defaults:luxops !requiretty
/etc/sudoers:3:Cmnd_Alias EVERY = ALL : TOOLS = /usr/bin/id, /usr/bin/w
/etc/sudoers:4:root ALL=(ALL:ALL) ALL
/etc/sudoers:5:%sudo ALL = (root) NOPASSWD: /usr/bin/id -u, \\
/etc/sudoers:6:  PASSWD: EVERY
/etc/sudoers:7:@includedir /etc/sudoers.d
/etc/sudoers.d/luxops:1:luxops ALL=(root) NOPASSWD: ALL
/etc/sudoers.d/off.bak:1:ghost ALL=(ALL) NOPASSWD: ALL
@@ lines 0
""",
    "files.root": """\
81a4 root 0 root 0 /etc/passwd
8180 root 0 root 0 /etc/shadow
43ff root 0 root 0 /tmp
@@ modes 0
""",
    "files.found": """\
s 4755 root root /usr/bin/su
s 2755 root shadow /usr/bin/chage
d /var/open
w /etc/loose.conf
u /opt/orphan
@@ found 0
""",
    "nftables.ruleset": """\
{"nftables": [{"metainfo": {"version": "1.0.6"}}, {"table": {"family": "inet", "name": "filter", "handle": 1}}, \
{"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 1, "type": "filter", "hook": "input", "prio": 0, \
"policy": "drop"}}, {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 2, "expr": \
[{"match": {"op": "==", \
"left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"set": [22, {"range": [8000, 8010]}]}}}, \
{"counter": {"packets": 5, "bytes": 7}}, {"accept": null}]}}, {"rule": {"family": "inet", "table": "filter", "chain": "input", \
"handle": 3, "expr": [{"log": null}, {"drop": null}]}}]}

@@ ruleset 0
""",
    "audit.root": """\
yes
@@ installed 0
max_log_file = 8
Space_Left_Action = EMAIL
@@ config 0
enabled 2
failure 1
@@ status 0
-w /etc/passwd -p wa -k identity
@@ loaded 0
-w /etc/passwd  -p wa -k identity
-a always,exit -F path=/usr/bin/sudo -F perm=x -F key=privileged
@@ rules 0
""",
    "kernel.boot": "no\n@@ grub 0\n",
    "certificates.root": f"""\
/etc/luxops/tls/service.pem
/etc/ssl/empty.crt
/etc/luxops/tls/service.key
@@ files 0
file /etc/luxops/tls/service.pem
{CERTIFICATE}file /etc/ssl/empty.crt
file /etc/luxops/tls/service.key
key
@@ certificates 0
81a4 root 0 root 0 /etc/luxops/tls/service.pem
81a4 root 0 root 0 /etc/ssl/empty.crt
8180 root 0 root 0 /etc/luxops/tls/service.key
@@ keys 0
""",
}


def answer(changed: Mapping[str, str] | None = None, *, refused: str = "", statuses: Mapping[str, int] | None = None) -> Answer:
    """What parsers get. `refused`: why no privileged section ran."""
    texts = SECTIONS | dict(changed or {})
    privileged = {section.name for section in script.sections() if section.privileged}
    ran = {
        name: SectionAnswer((statuses or {}).get(name, 0), text.encode(), b"it said why")
        for name, text in texts.items()
        if not (refused and name in privileged)
    }
    return Answer(taken_at=NOW, sections=ran, refused=dict.fromkeys(privileged, refused) if refused else {})


def frame(name: str, body: str | bytes, status: int = 0, nonce: str = NONCE) -> bytes:
    data = body if isinstance(body, bytes) else body.encode()
    head = f"#luxops1 {nonce} {name} {status} {len(data)}".encode()
    return head + b" " + hashlib.sha256(head + b"\n" + data).hexdigest().encode() + b"\n" + data + b"\n"


def closed(section: str, body: str, status: int = 0, nonce: str = NONCE) -> str:
    """A section as it stands in its group."""
    return f"{body}\n{nonce} {section} {status}\n"


def frames(
    hostname: str = HOST, nonce: str = NONCE, sections: Mapping[str, str] = SECTIONS, role: str | None = None
) -> dict[str, bytes]:
    """Every frame of a whole answer, in order."""
    bodies = {script.IDENTITY: f"{hostname}\n.", script.SUDO: "", script.END: "ticks 21"}
    return {
        name: frame(name, "".join(closed(s, sections[s], nonce=nonce) for s in inside) or bodies[name], nonce=nonce)
        for name, inside in script.expected_frames("sudo", role).items()
    }


def reply(output: bytes, **changes: object) -> CommandReply:
    return CommandReply.model_validate({"target": HOST, "output": output, "exit_status": 0, "seconds": 0.3, **changes})
