# Shells of operators end when nobody types, and make files that others do not read.
TMOUT=600
readonly TMOUT
export TMOUT
umask 077
