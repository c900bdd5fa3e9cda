#!/bin/bash
#SBATCH --job-name=sam-train
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --time=04:00:00
#SBATCH --signal=B:TERM@120
#SBATCH --requeue
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --gres=gpu:1

# What each line is for: docs/jobs.md. Set these four:
JAR=$HOME/sam-tf/sam-tf-examples/target/sam-tf-examples.jar
DATA=$HOME/data/fashion-mnist
RUN=$HOME/runs/$SLURM_JOB_NAME
CACHE=$HOME/sam-tf/javacpp

export TF_CPP_MIN_LOG_LEVEL=2
mkdir -p "$RUN"

java -Xmx8g -Dorg.bytedeco.javacpp.cachedir="$CACHE" -jar "$JAR" train \
  --data "$DATA" --model cnn --epochs 50 \
  --require-gpu --threads "$SLURM_CPUS_PER_TASK" \
  --checkpoints "$RUN/checkpoints" --checkpoint-every 5m --resume \
  --events "$RUN/events" --log "$RUN/log.jsonl" --progress-every 1m \
  --out "$RUN" --export "$RUN/model" &
TRAINING=$!

# bash gets the signal (B:) and would not act on it before the command has ended: so it waits.
trap 'kill -TERM "$TRAINING"' TERM
trap 'kill -USR1 "$TRAINING"' USR1
while kill -0 "$TRAINING" 2>/dev/null; do
  wait "$TRAINING" # a signal ends it, too
done
wait "$TRAINING"
CODE=$?

# Stopped, with a checkpoint: back into the queue, for another four hours.
if [ "$CODE" -eq 143 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$CODE"
