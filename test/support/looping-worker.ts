/** A worker thread that hangs as soon as it has started. */
declare const self: Worker

self.onmessage = () => {
  self.postMessage({ type: 'ready' })
  for (;;);
}
