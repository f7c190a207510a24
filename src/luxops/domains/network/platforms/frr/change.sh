# What a change needs of a Debian router, as root: `sh -s VERB TOKEN FENCE …`, the data in base64 on standard input of `main`.
#
# A change has a folder, /var/lib/luxops/change-TOKEN, that only root reads: copies of every file it may write, FRR's running
# configuration and the kernel's ruleset as they were, and `undo`, which a systemd timer runs unless the change is confirmed.
# What happened to it stays there as files: timed, confirmed, saved, fired, restored, failed. One lock lets one verb at a time work,
# and `undo` too, so that what is read here is never half of something.
# The last line of every answer is `luxops-done` or `luxops-refused WORD: …`.
set -u
umask 077
# FRR's command line keeps a history of what it was told, passwords too, in a home where there is one.
export LC_ALL=C HOME=/nonexistent PATH=/usr/sbin:/usr/bin:/sbin:/bin
base=/var/lib/luxops
LIMIT=60

refuse() { # WORD TEXT
    printf 'luxops-refused %s: %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | cut -c 1-600)"
    exit 1
}
is_armed() { systemctl is-active --quiet "luxops-change-$1.timer"; }
seen_fence() { cat "$base/fence" 2>/dev/null || echo 0; }

state() {
    for folder in "$base"/change-*; do
        [ -d "$folder" ] || continue
        of=${folder##*/change-}
        flags=
        is_armed "$of" && flags=' armed'
        for flag in timed confirmed saved fired restored failed; do [ -e "$folder/$flag" ] && flags="$flags $flag"; done
        echo "change $of$flags"
    done
    echo "fence $(seen_fence)"
    command -v systemd-run >/dev/null || echo 'lacks systemd-run'
    command -v vtysh >/dev/null || echo 'lacks vtysh'
}

raise_fence() { # nobody with a lower one is heard from now on
    [ "$fence" -ge "$(seen_fence)" ] || refuse fenced "holder $(seen_fence) came after $fence"
    echo "$fence" >"$base/fence.new" && mv "$base/fence.new" "$base/fence" || refuse disk 'the fence cannot be written'
}

guard() { # the timer of this change runs, and nobody newer holds the router
    [ "$(seen_fence)" = "$fence" ] || refuse fenced "holder $(seen_fence) came after $fence"
    [ -e "$d/fired" ] && refuse fired 'the dead-man timer has fired'
    is_armed "$token" || refuse unarmed 'the dead-man timer does not run'
}

keep() { # PATH: a copy of it, or that there is none
    if [ -e "$1" ] || [ -L "$1" ]; then
        mkdir -p "$d/files${1%/*}" && cp -a -- "$1" "$d/files$1" || return 1
    fi
    printf '%s\n' "$1" >>"$d/paths"
}

arm() { # SECONDS PATH…
    seconds=$1
    shift
    for folder in "$base"/change-*; do
        [ -d "$folder" ] || continue
        is_armed "${folder##*/change-}" && refuse busy "the timer of ${folder##*/change-} runs"
        # An attempt that ended before its timer ran has changed nothing.
        [ -e "$folder/confirmed" ] || [ -e "$folder/fired" ] || rm -rf "$folder"
    done
    [ -e "$d" ] && refuse busy "the change $token was here before"
    raise_fence
    mkdir "$d" "$d/files" || refuse disk 'its folder cannot be made'
    trap '[ -e "$d/timed" ] || rm -rf "$d"' EXIT
    for path in "$@"; do keep "$path" || refuse disk "$path cannot be saved"; done
    timeout $LIMIT vtysh -c 'show running-config' >"$d/shown" 2>"$d/said" </dev/null ||
        refuse frr "the running configuration cannot be saved: $(cat "$d/said")"
    sed '1,/^Current configuration:/d' "$d/shown" >"$d/running.conf" || refuse disk 'the running configuration cannot be saved'
    [ "$(tail -n 1 "$d/running.conf")" = end ] || refuse frr 'the running configuration is not whole'
    { echo 'flush ruleset' && timeout $LIMIT nft list ruleset; } >"$d/ruleset.nft" 2>"$d/said" </dev/null ||
        refuse nft "the ruleset cannot be saved: $(cat "$d/said")"
    timeout $LIMIT nft -c -f "$d/ruleset.nft" >"$d/said" 2>&1 </dev/null || refuse nft "the saved ruleset would not load: $(cat "$d/said")"
    write_undo && sync || refuse disk 'the way back cannot be written'
    systemd-run --quiet --collect --on-active="$seconds" --timer-property=AccuracySec=1s --property=Type=oneshot \
        --unit="luxops-change-$token" /bin/sh "$d/undo" >"$d/said" 2>&1 </dev/null || refuse timer "$(cat "$d/said")"
    is_armed "$token" || refuse timer 'systemd took it and does not run it'
    touch "$d/timed"
    # A timer does not outlast a restart of the router; what brings the files back then is started before all that reads them.
    mkdir -p /etc/systemd/system/sysinit.target.wants && write_boot_unit >"/etc/systemd/system/luxops-change-$token-boot.service" &&
        ln -s "/etc/systemd/system/luxops-change-$token-boot.service" /etc/systemd/system/sysinit.target.wants/ ||
        refuse disk 'the way back after a restart cannot be written'
}

write_boot_unit() {
    cat <<BOOT
[Unit]
Description=luxops: back to before change $token, which was not saved
DefaultDependencies=no
RequiresMountsFor=/var/lib /etc
Before=nftables.service frr.service ssh.service rsyslog.service systemd-timesyncd.service systemd-sysctl.service
[Service]
Type=oneshot
ExecStart=/bin/sh $d/undo boot
BOOT
}

write_undo() {
    cat >"$d/undo" <<'UNDO'
set -u
umask 077
export LC_ALL=C HOME=/nonexistent PATH=/usr/sbin:/usr/bin:/sbin:/bin
d=${0%/*}
token=${d##*/change-}
exec 9>"${d%/*}/lock"
flock -w 90 9  # where what holds it hangs, going back matters more
[ -e "$d/saved" ] || [ -e "$d/restored" ] && exit 0
[ "${1-}" = boot ] || [ ! -e "$d/confirmed" ] || exit 0
touch "$d/fired"
failures= changed=
while IFS= read -r path; do
    kept=$d/files$path
    if [ -e "$kept" ] || [ -L "$kept" ]; then
        cmp -s "$kept" "$path" && continue
        changed="$changed $path"
        # A rename needs no space on a disk that is full.
        cp -a -- "$kept" "$path.luxops" 2>/dev/null && mv -f -- "$path.luxops" "$path" || mv -f -- "$kept" "$path" ||
            failures="$failures $path"
    elif [ -e "$path" ]; then
        changed="$changed $path"
        rm -f -- "$path" || failures="$failures $path"
    fi
done <"$d/paths"
if [ "${1-}" != boot ]; then
    timeout 60 nft -f "$d/ruleset.nft" </dev/null || failures="$failures ruleset"
    case $changed in *' /etc/frr/daemons'*) restart=yes ;; *) restart=no ;; esac
    reload=/usr/lib/frr/frr-reload.py
    if [ $restart = yes ] || [ ! -x $reload ] || ! timeout 60 $reload --reload "$d/running.conf" </dev/null; then
        # FRR starts from its file: what ran goes there for as long as it starts, then the file is as it was.
        cp -p /etc/frr/frr.conf "$d/frr.conf" && cat "$d/running.conf" >/etc/frr/frr.conf
        timeout 60 systemctl restart frr.service </dev/null || failures="$failures frr"
        cat "$d/frr.conf" >/etc/frr/frr.conf || failures="$failures /etc/frr/frr.conf"
    fi
    for path in $changed; do
        case $path in
        /etc/ssh/*) systemctl reload ssh.service || failures="$failures ssh" ;;
        /etc/rsyslog*) systemctl restart rsyslog.service || failures="$failures rsyslog" ;;
        /etc/systemd/timesyncd*) systemctl restart systemd-timesyncd.service || failures="$failures timesyncd" ;;
        /etc/sysctl*) sysctl --quiet --system || failures="$failures sysctl" ;;
        esac
    done
fi
if [ -n "$failures" ]; then
    echo "$failures" >"$d/failed"
    exit 1
fi
touch "$d/restored"
rm -f "/etc/systemd/system/sysinit.target.wants/luxops-change-$token-boot.service" \
    "/etc/systemd/system/luxops-change-$token-boot.service"
rm -rf "$d/files" "$d/running.conf" "$d/shown" "$d/ruleset.nft" "$d/frr.conf" "$d/lines" "$d/new"
UNDO
}

put() { # PATH SHA256, the text on standard input
    guard
    grep -Fxq -- "$1" "$d/paths" || refuse unsaved "$1 was not saved before, so there would be no way back"
    base64 -d >"$d/new" || refuse disk "$1 cannot be written"
    [ "$(sha256sum <"$d/new" | cut -d ' ' -f 1)" = "$2" ] || refuse disk "$1 did not arrive whole"
    mkdir -p "${1%/*}" && cat "$d/new" >"$1.luxops" || { rm -f "$1.luxops"; refuse disk "$1 cannot be written"; }
    if [ -e "$1" ]; then
        chmod --reference="$1" "$1.luxops" && chown --reference="$1" "$1.luxops" || refuse disk "$1 cannot be written"
    else
        chmod 644 "$1.luxops"
    fi
    mv -f -- "$1.luxops" "$1" || refuse disk "$1 cannot be written"
    rm -f "$d/new"
}

configure() { # lines on standard input; FRR's own program checks them all before it sends the first
    guard
    base64 -d >"$d/lines" || refuse disk 'the lines cannot be written'
    said=$(timeout $LIMIT vtysh -C -f "$d/lines" 2>&1 </dev/null) && [ -z "$said" ] || { rm -f "$d/lines"; refuse line "$said"; }
    said=$(timeout $LIMIT vtysh -f "$d/lines" 2>&1 </dev/null)
    status=$?
    rm -f "$d/lines"
    [ $status = 0 ] || refuse line "status $status: $said"
    [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/said /'
}

command_() { # one command line on standard input
    guard
    line=$(base64 -d)
    said=$(timeout $LIMIT sh -c "$line" 2>&1 </dev/null)
    status=$?
    [ $status = 0 ] || refuse line "status $status: $said"
    [ -z "$said" ] || printf '%s\n' "$said" | sed 's/^/said /'
}

confirm() {
    [ "$(seen_fence)" = "$fence" ] || refuse fenced "holder $(seen_fence) came after $fence"
    [ -e "$d/fired" ] && refuse fired 'the dead-man timer has fired'
    is_armed "$token" || [ -e "$d/confirmed" ] || refuse fired 'the dead-man timer does not run any more'
    touch "$d/confirmed" || refuse disk 'the confirmation cannot be written'
    systemctl stop "luxops-change-$token.timer" || refuse timer 'it cannot be stopped, but will do nothing'
    is_armed "$token" && refuse timer 'it still runs, but will do nothing'
    [ -e "$d/fired" ] && refuse fired 'the dead-man timer has fired'
    :
}

save() {
    [ -e "$d/confirmed" ] || refuse unconfirmed 'only what was confirmed is saved'
    [ -e "$d/fired" ] && refuse fired 'the dead-man timer has fired'
    raise_fence
    said=$(timeout $LIMIT vtysh -c 'write memory' 2>&1 </dev/null)
    case $said in *'[OK]'*) ;; *) refuse save "$said" ;; esac
    sync
    touch "$d/saved" || refuse disk 'it is saved, but that cannot be noted'
    rm -f "/etc/systemd/system/sysinit.target.wants/luxops-change-$token-boot.service" \
        "/etc/systemd/system/luxops-change-$token-boot.service"
    rm -rf "$d/files" "$d/running.conf" "$d/shown" "$d/ruleset.nft"
}

revert() {
    [ -d "$d" ] || refuse unknown "there is no change $token here"
    raise_fence
    [ -e "$d/confirmed" ] && refuse confirmed 'it was confirmed'
    exec 9>&-  # `undo` waits for the lock
    # As a unit of its own it goes on where this session ends halfway.
    systemd-run --quiet --collect --wait --property=Type=oneshot --unit="luxops-change-$token-now" /bin/sh "$d/undo" >/dev/null 2>&1 </dev/null
    [ -e "$d/restored" ] || refuse restore "not everything could be put back:$(cat "$d/failed" 2>/dev/null)"
    systemctl stop "luxops-change-$token.timer" 2>/dev/null
    :
}

main() {
    verb=$1 token=$2 fence=$3
    shift 3
    d=$base/change-$token
    [ -d "$base" ] || mkdir -p -m 700 "$base" || refuse disk "$base cannot be made"
    exec 9>"$base/lock" || refuse disk "$base cannot be written"
    flock -w $LIMIT 9 || refuse busy 'another session is at work on this router'
    case $verb in
    state) state ;;
    arm | put | configure | confirm | save | revert) $verb "$@" ;;
    command) command_ "$@" ;;
    *) refuse verb "$verb" ;;
    esac
    echo luxops-done
}
