import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection to a server, with these bytes on their way. What breaks it is no error of the test. */
export async function openSocket(url: string, bytes: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return socket;
}

/** Resolves when a connection has ended, however it ends. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}
