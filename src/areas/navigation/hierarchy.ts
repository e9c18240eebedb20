import * as errors from './navigation.errors.ts'

interface Place {
  parentId: string | null
}

const circleError = (start: string, met: string, parentId: string | null) => {
  if (met !== start) return errors.circularChain()
  return parentId === start ? errors.ownParent() : errors.ownAncestor()
}

/**
 * Throws 400 unless the `changed` routes hang on own routes and lead to the root. `places` holds every route of the user
 * as it will be. A circle can only go through a changed route, so just those are followed up, and no route twice.
 */
export const checkHierarchy = (places: ReadonlyMap<string, Place>, changed: Iterable<string>): void => {
  const safe = new Set<string>()
  for (const start of changed) {
    const passed = new Set<string>()
    let id: string | null = start
    while (id !== null && !safe.has(id)) {
      const place = places.get(id)
      if (!place) throw errors.parentNotFound()
      if (passed.has(id)) throw circleError(start, id, place.parentId)
      passed.add(id)
      id = place.parentId
    }
    for (const one of passed) safe.add(one)
  }
}
