#!/bin/sh
# Makes up what is secret, where it is not there yet: init.sh FOLDER. What is there stays, so it may run at every start. Each file is readable by
# the one service that needs it (65532 is Earshot, 472 Grafana; ClickHouse reads its own before it gives up root).
set -eu
dir=$1
here=$(cd "$(dirname "$0")" && pwd)
umask 077

own() { # FILE USER: only where this is root, which it is in a container
  [ "$(id -u)" != 0 ] || chown "$2" "$dir/$1"
  chmod 0400 "$dir/$1"
}
secret() { # FILE USER: 32 bytes in hexadecimal
  if [ ! -s "$dir/$1" ]; then
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$dir/$1"
  fi
  own "$1" "$2"
}

secret token-secrets 65532
secret sfu-token 65532
secret user-id-key 65532
secret clickhouse-earshot 65532
secret clickhouse-grafana 472
secret console-token 65532

digest=$(sha256sum <"$dir/console-token" | cut -d ' ' -f 1)
rm -f "$dir/earshot.yaml"
sed "s/CONSOLE_TOKEN_SHA256/$digest/" "$here/earshot.yaml" >"$dir/earshot.yaml"
own earshot.yaml 65532
chmod 0755 "$dir"
