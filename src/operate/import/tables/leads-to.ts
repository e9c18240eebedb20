/** Whether the way up from `start` comes to `goal`, also where it goes in a circle. */
export const leadsTo = (start: string, goal: string, parentOf: (id: string) => string | null): boolean => {
  const passed = new Set<string>()
  for (let id: string | null = start; id !== null && !passed.has(id); id = parentOf(id)) {
    if (id === goal) return true
    passed.add(id)
  }
  return false
}
