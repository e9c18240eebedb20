type Callable = (...args: unknown[]) => unknown

/** The module with `onCall` before each call of the functions whose names `watched` fits. */
export const countCalls = <Module extends object>(module: Module, watched: RegExp, onCall: () => void): Module =>
  Object.fromEntries(
    Object.entries(module).map(([name, value]) => [
      name,
      typeof value === 'function' && watched.test(name)
        ? (...args: unknown[]) => {
            onCall()
            return (value as Callable)(...args)
          }
        : value,
    ]),
  ) as Module
