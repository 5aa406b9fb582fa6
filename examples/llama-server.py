#!/usr/bin/env python3
"""llama.cpp's server from the PyPI wheel `xllamacpp`, as a process with the flags of `llama-server`."""

import argparse
import os
import signal

import xllamacpp

# For models without a template of their own, as base models are; llama.cpp would ask them in ChatML, which they never saw.
PLAIN_CHAT = (
    "{% for m in messages %}"
    "{{ {'user': 'Question: ', 'assistant': 'Answer: '}.get(m.role, '') + m.content }}\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}Answer:{% endif %}"
)

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
parser.add_argument("--model", required=True, help="a GGUF file")
parser.add_argument("--alias", default="gemma", help="the name that /v1/models and answers give the model")
parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--parallel", type=int, default=4, help="requests decoded at once; more wait in a queue")
parser.add_argument("--ctx-size", type=int, default=4096, help="tokens of context, shared by the parallel requests")
parser.add_argument("--cache-ram", type=int, default=256,
                    help="MiB of old prompts beside the slots; llama.cpp's own 8 GiB a replica is too much for a laptop")
half = max(1, (os.cpu_count() or 1) // 2)
parser.add_argument("--threads", type=int, default=half, help="half the cores, so that two replicas fit")
parser.add_argument("--chat-template", default=PLAIN_CHAT, help="Jinja; empty takes the model's own")
parser.add_argument("--metrics", action="store_true", help="serve /metrics")
arguments = parser.parse_args()

# Before the server starts its threads, so that all of them leave these two to sigwait below.
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})

params = xllamacpp.CommonParams()
params.model.path = arguments.model
params.model_alias = {arguments.alias}
params.hostnames = [arguments.host]
params.port = arguments.port
params.n_parallel = arguments.parallel
params.n_ctx = arguments.ctx_size
params.cpuparams.n_threads = arguments.threads
params.cpuparams_batch.n_threads = arguments.threads
params.chat_template = arguments.chat_template
params.cache_ram_mib = arguments.cache_ram
params.endpoint_metrics = arguments.metrics
params.endpoint_slots = True

server = xllamacpp.Server(params)  # returns once the weights are loaded and the port answers
signal.sigwait({signal.SIGTERM, signal.SIGINT})
del server  # closes the port and joins the threads; without it the interpreter would kill them at work
