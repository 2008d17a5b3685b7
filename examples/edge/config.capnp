# What workerd runs: `workerd serve build/edge/config.capnp`.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "digits", worker = .digits)],
  # Edge hosts end a worker beyond 128 MB. Without a limit V8 collects so late that it would come near.
  v8Flags = ["--max-heap-size=48"],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "digits")],
);

const digits :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "relaxed-single.wasm", wasm = embed "relaxed-single.wasm"),
    (name = "mnist.safetensors", data = embed "mnist.safetensors"),
  ],
);
