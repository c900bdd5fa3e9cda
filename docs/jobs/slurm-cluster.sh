#!/bin/bash
#SBATCH --job-name=sam-train
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --time=04:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=16G
#SBATCH --gres=gpu:1

# What each line is for: docs/cluster.md. Set these four; RUN is on a file system of all nodes:
JAR=$HOME/sam-tf/sam-tf-examples/target/sam-tf-examples.jar
DATA=$HOME/data/fashion-mnist
RUN=$HOME/runs/$SLURM_JOB_NAME
CACHE=/tmp/$USER/javacpp

export TF_CPP_MIN_LOG_LEVEL=2
# Two jobs on one node need other ports.
export SAMTF_PORT=$((10000 + SLURM_JOB_ID % 20000))
mkdir -p "$RUN"

srun --distribution=block --kill-on-bad-exit=1 \
  java -Xmx8g -Dorg.bytedeco.javacpp.cachedir="$CACHE" -jar "$JAR" train \
  --cluster environment --trusted-network --step-timeout 120 --on-lost-worker stop \
  --data "$DATA" --model cnn --dropout 0 --batch-size 256 --epochs 50 \
  --device gpu --require-gpu \
  --checkpoints "$RUN/checkpoints" --checkpoint-every 5m --resume \
  --events "$RUN/events" --log "$RUN/log.jsonl" --progress-every 1m \
  --out "$RUN" --export "$RUN/model"
CODE=$?

# Stopped, with a checkpoint, or a machine is lost: back into the queue.
if [ "$CODE" -eq 143 ] || [ "$CODE" -eq 200 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$CODE"
