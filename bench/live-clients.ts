/** WebSocket clients in a process of their own, which note when each event arrived. Run by measureLive(). */
import type { Arrivals, Asking } from './live.ts'

async function open(port: number, token: string, arrivals: Arrivals): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/ws`)
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('error', () => reject(new Error('The socket was not opened')))
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ type: 'auth', token }))
      socket.send(JSON.stringify({ type: 'subscribe', topics: ['plants'] }))
    })
    socket.addEventListener('message', ({ data }) => {
      const at = Number(process.hrtime.bigint()) / 1e6
      const message = JSON.parse(String(data)) as { type: string; event?: { data: { changed: string[] } } }
      if (message.type === 'subscribed') resolve()
      if (message.event) arrivals.push([Number(message.event.data.changed[0]), at])
    })
  })
  return socket
}

let sockets: WebSocket[] = []
let arrivals: Arrivals = []

process.on('message', (asking: Asking) => {
  if (asking.ask === 'open') {
    arrivals = []
    const opened = Promise.all(asking.tokens.map((token) => open(asking.port, token, arrivals)))
    void opened.then((all) => (sockets = all)).then(() => process.send?.([]))
  } else {
    for (const socket of sockets) socket.close()
    process.send?.(arrivals)
  }
})
