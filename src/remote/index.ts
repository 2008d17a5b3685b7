// Objects of another thread, used from here as if they were here, but read by `await`.
export { connect, type Held, type Read, type Remote, type Sent } from "./client.ts";
export { type Channel, type ClientMessage, type ServerMessage, serve } from "./server.ts";
