# traceinv with bubblewrap, for a CPU:  docker build -t traceinv .
#
#   docker run --rm -v "$PWD/runs:/work/runs" traceinv run lab --seeds 1
#
# Benchmarks of code run untrusted programs inside bubblewrap, which needs namespaces of its own that Docker forbids by default:
#
#   docker run --rm --security-opt seccomp=unconfined --security-opt apparmor=unconfined traceinv doctor
FROM python:3.11-slim

RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends bubblewrap git \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY constraints.txt ./
# torch first, from its index for CPUs: another requirement would pull gigabytes of CUDA.
RUN pip install --no-cache-dir --constraint constraints.txt torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu
COPY . .
RUN pip install --no-cache-dir --constraint constraints.txt . && rm -rf /src

RUN useradd --create-home user && mkdir /work && chown user /work
USER user
WORKDIR /work
ENTRYPOINT ["traceinv"]
CMD ["--help"]
