/** A Map that forgets its oldest entry when full: for caches whose keys come from clients. */
export const createBoundedMap = <Key, Value>(maxEntries: number) => {
  const entries = new Map<Key, Value>()
  return {
    get: (key: Key) => entries.get(key),
    delete: (key: Key) => entries.delete(key),
    set(key: Key, value: Value) {
      if (entries.size >= maxEntries && !entries.has(key)) {
        const oldest = entries.keys().next()
        if (!oldest.done) entries.delete(oldest.value)
      }
      entries.set(key, value)
    },
    get size() {
      return entries.size
    },
  }
}
