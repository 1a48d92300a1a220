#!/bin/bash
# Submit the stages after `eeg2vid ingest` as a chain: each starts when the one before is done for every subject.
#
#   chain.sh WORKSPACE [OPTIONS OF eeg2vid slurm script]       e.g.  chain.sh study --subject 1-20 --partition gpu
#
# STAGES, from the environment, names other stages in order. Prints one line per stage: its name and job id.
set -eu
workspace=$1
shift
stages=${STAGES:-split preprocess split-videos encode-latents train-encoder train-mapper predict generate score report}

previous=
for stage in $stages; do
    script="$workspace/logs/$stage.sbatch"
    "${EEG2VID:-eeg2vid}" slurm script "$stage" --workspace "$workspace" "$@" --out "$script" --force 2>/dev/null
    previous=$(sbatch --parsable --kill-on-invalid-dep=yes ${previous:+--dependency="afterok:$previous"} "$script")
    echo "$stage $previous"
done
