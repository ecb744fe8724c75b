from live import *
show("fish","set -l x 1; set y 2","echo $x $y","function f; echo in f; end","f","set -gx E 5","sh -c 'echo $E'","false","echo $status","true | false | true","echo $pipestatus $status","not true|false","echo $status $pipestatus","cd /tmp","pwd","alias ll 'echo aliased'","ll","exit 3","echo $status","return 4","echo $status","break","echo a","begin; exit 5; end","echo $status","exec true")
for sh in ("bash","zsh","sh"):
    show(sh,"x=1","echo $x","f() { echo in f; }","f","export E=5","sh -c 'echo $E'","false","echo $?","true | false | true","echo $? ${PIPESTATUS[*]} $pipestatus" if sh!="sh" else "echo $?","! true | false","echo $?","cd /tmp","pwd","alias ll='echo aliased'","ll","return 4","echo $?","break","echo a","set -x","echo traced","echo traced\nfalse","set +x","set -u","echo $nope","echo alive $?","set +u","set -e","false","echo alive $-","true; false; echo not","echo z")
    show(sh,"exit 3")
    show(sh,"exec true")
