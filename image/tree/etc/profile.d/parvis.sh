# Shells of operators end when nobody types, and make files that others do not read.
if [ -n "$BASH_VERSION" ]; then
    declare -xr TMOUT=600
fi
umask 077
