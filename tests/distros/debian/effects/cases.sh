# Scripts that tests/packages/effects/test_against_dash.py runs and follows, between lines of #.
#
cd /etc; touch here ./there ../srv/up; mkdir -p sub/sub
#
cd /srv/e; cd ..; touch f; pwd > p
#
cd /srv/e && touch ../up; cd /etc/missing || touch failed
#
(cd /srv; touch in); touch out 2>/dev/null || true; cd /var; v=$(cd /etc; pwd)
#
set -e; false; touch /etc/never
#
set -e; false || true; ! true; if false; then :; fi; touch /etc/yes; (false); touch /etc/no
#
set -e; f() { false; touch /etc/in; }; f || true; f && true; touch /etc/on; f; touch /etc/no
#
set -e; v=$(false; echo a); touch /etc/never
#
set -e; v=$(false; echo a) || true; touch /etc/on; echo $(false; echo b) > /etc/c
#
set -e; false | true; touch /etc/on; true | false; touch /etc/never
#
set -e; while false; do :; done; case a in b) false;; esac; { false; } || touch /etc/on
#
set -e; set +e; false; touch /etc/on; set -e; rm /etc/missing; touch /etc/never
#
set -e; ls /etc/missing 2>/dev/null || echo no > /etc/no; mkdir /etc/a; touch /etc/never
#
set -u; v=${w:-default}; echo $1; echo $unset; touch /etc/never
#
echo a b | read v w; echo a | { read v; touch /etc/$v-in; }; touch /etc/$v-out
#
v=1; echo x | while read y; do v=2; done; for w in 1 2; do v=$w; done
#
v=1; (v=2; echo $v > /etc/v); { v=3; }; w=$(v=4; echo $v)
#
f() { local v; v=1; w=1; }; v=0; f; g() { local w=2; f; v=$w; }; g
#
v=1 true; v=3; f() { v=$v.; }; f; v=4 cat /dev/null
#
f() { return 3; }; f; v=$?; f || w=$?
#
umask 077; touch /etc/t; mkdir /etc/m; echo > /etc/e; cp /etc/b /etc/c; umask 022
#
echo a > /etc/n; cat /etc/a /etc/n > /etc/n2; cat /etc/n > /etc/n; echo >> /etc/a
#
cat > /etc/h <<E
$1 \$1 `echo x` $(echo y)
E
cat > /etc/i <<'E'
$1
E
#
cat > /etc/h <<-E
	one
		two
	E
#
while read v w; do echo "$w:$v" >> /etc/r; done < /etc/b
#
while IFS=: read v w; do echo "$w:$v" >> /etc/r; done < /etc/b
#
IFS=:; v=a:b::c; set -- $v; w=$#; for i in $v; do echo "<$i>" >> /etc/i; done
#
v='  a  b '; set -- $v; w="$v"; echo $v > /etc/1; echo "$v" > /etc/2
#
v='*'; echo $v /etc/* /srv/d/* /etc/.h* /etc/[ab] /etc/[!ab] /none/* '*' > /srv/g
#
cd /srv/d; echo * ./* ../* > /srv/g; set -f; echo * > /srv/h
#
for f in /srv/d/*; do cp "$f" "/etc/$(basename "$f")"; done
#
v=/a/b.c.d; w=${v##*/},${v#*/},${v%.*},${v%%.*},${#v},${v%x},${v#?},${v#[/]a}
#
v=; w=${v:-e}${v-s}${u-u}${v:+n}${v+y}${u+n}${u:=set}; v=$u
#
set -- a 'b c' d; shift; v=$1; w=$*; for i; do echo "$i" >> /etc/i; done
#
set -- 1 2 3 4 5 6 7 8 9 a b; v=${10}$11; shift 10; w=$1
#
for v in 1 2 3; do for w in a b; do [ $w = b ] && continue 2; [ $v = 3 ] && break 2; done; done
#
v=0; until [ "$v" = 00000 ]; do v=0$v; done; while :; do break; done
#
case abc in a) v=1;; [ab]*) v=2;; *) v=3;; esac; case "a*" in a\*) w=1;; esac
#
case x in a|x) v=1;; esac; case '' in '') w=1;; esac; case ab in a?) w=2$w;; esac
#
eval 'v=1; w="$v 2"'; eval "touch /etc/$v"
#
trap 'touch /etc/end' EXIT; exit 0; touch /etc/never
#
f() { exit 0; }; (f; touch /etc/n); v=$(f; echo n); f | cat; f; touch /etc/never
#
exec true; touch /etc/never
#
echo 'echo sourced > /srv/s; v=s; return 0; v=t' > /srv/lib; . /srv/lib
#
chmod 4755 /etc/b; chown 1000:1001 /etc/b; chown 1000 /srv/d/f /srv/d; chgrp 5 /etc/a
#
chmod 2745 /srv/d/f; chown 3 /srv/d/f; chmod u+s,g-x,o=r /etc/b; chmod a=rX,u+w /etc/a
#
chmod -R go-rwx /srv/d; chown -R 7:8 /srv; chown -h 9 /etc/l; chown 10 /etc/l
#
mkdir -m 2775 /etc/m; chown 5 /etc/m; chmod 700 /etc/m; chmod 00700 /srv/d; mkdir -pm0700 /srv/p/q
#
install -d -m 1777 -o 5 -g 6 /srv/i/j; install -m 640 /etc/a /srv/i; install /dev/null /srv/n
#
ln -s a /etc/n; ln -s b /etc/l; ln -sf b /etc/l; ln -s /x /srv/e; ln -sfn /y /srv/e; ln -sT q /srv/d
#
ln -sf gone /etc/a; cat /etc/a; readlink /etc/a > /srv/r; readlink -f /etc/l >> /srv/r
#
readlink /etc/a; v=$?; readlink -f /srv/none/x; w=$?; realpath /srv/e/f > /srv/r
#
cp /etc/b /srv/d; cp /etc/l /srv; cp -d /etc/l /srv/l2; cp -p /srv/d/f /etc/f
#
cp /srv/d/f /etc/b; cp -a /srv/d/f /etc/a; cp /etc/a /etc/x; cp -n /etc/b /etc/a; cp -T /etc/a /srv/d
#
mv /etc/a /srv/d; mv /etc/b /etc/l; mv /etc/none /srv; mv -T /etc/x /etc/y; mv /srv/d/f /srv/d/f
#
chown 5 /etc/a; mv /etc/a /etc/z; chmod 600 /etc/b; cp -p /etc/b /etc/q; rm /etc/b; touch /etc/b
#
rm /etc/a /etc/none; v=$?; rm -f /etc/none; rm /srv/d; rm -r /srv/e; rm -rf /srv/d /etc/l; rmdir /var/lib /etc
#
rmdir /srv/d; rm -f /srv/d/*; rmdir /srv/d; mkdir /etc/a; mkdir -p /etc/a; mkdir -p /etc/l; mkdir /srv/d
#
touch /etc/x; [ -e /etc/missing ] && v=made; echo o > /etc/o; v=$v$?; touch /etc/a/b; mkdir -p /etc/a/c
#
[ -L /etc/x ] && ! [ -e /etc/x ] && v=1; [ -s /etc/.hidden ] || w=1; [ -u /srv/d/f -a -d /srv/e ] && w=2$w
#
[ ! -e /etc/a -o -x /etc/b ] && v=1; [ "" ] || w=1; [ a = a -a b != a ] && w=2; test ! a = b && w=3$w
#
[ 1 -lt 2 ] && [ 10 -ge 9 ] && v=1; [ -1 -eq -1 ] && w=1; [ 007 -eq 7 ] && w=2$w
#
printf '%s-%s\n' a b c; printf '%s\n' a b > /srv/p; printf 'x\ty%%\n' >> /srv/p; printf a >> /srv/p
#
echo -n a > /srv/n; echo 'a\tb' > /srv/t || true
#
echo a:b:c | cut -d: -f2 > /srv/c; echo abc | cut -d: -f2 >> /srv/c; printf 'a\tb' | cut -f 2 >> /srv/c
#
grep -q alpha /etc/a && v=1; grep -q '^g' /etc/b || w=1; grep b /etc/b > /srv/g; grep -Fx 'b:c:d' /etc/b >> /srv/g
#
v=$(echo 'x  '; echo; echo); w=`echo \`echo in\``; echo "$(printf 'a\n\n')" > /srv/o
#
dirname /a/b/ > /srv/d/o; dirname a >> /srv/d/o; basename /a/b/ >> /srv/d/o; basename x.c .c >> /srv/d/o; basename / >> /srv/d/o
#
command -v cat && command -v nothing; v=$?; f() { :; }; command -v f > /srv/f; command -v true >> /srv/f
#
t=$(mktemp); echo a > $t; mv $t /etc/t; chmod 644 /etc/t; t=$(mktemp -d); touch $t/f; rm -r $t
#
{ echo a; echo b >&2; } > /srv/o 2>/dev/null; echo c >&2; echo d 1>&2; : > /srv/empty
#
touch /etc/p & wait; (false) & v=$?
#
if [ -e /etc/none ]; then v=1; elif [ -e /etc/a ]; then v=2; else v=3; fi; w=$?
#
export v=1 w='a b'; readonly r=1; unset v; f() { v=in; }; unset -f f; f 2>/dev/null || w=gone
#
echo a > /etc/none/x || v=failed; cat < /etc/none || w=failed; . /etc/a 2>/dev/null || true
#
x='a b'; f() { echo $#; }; v=$(f $x "$x" '' $none); w=$(f "$@")
#
! false; v=$?; ! true; w=$?; false; v=$v$?; true && false; w=$w$?
#
v=${1#conf}; w=${1%ure}; echo "${v}x" > /srv/${v}
