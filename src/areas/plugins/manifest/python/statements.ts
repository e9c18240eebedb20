import { type Scope, evaluate } from './literals.ts'
import { sumOf, toKey } from './operations.ts'
import { type PythonSource, type SyntaxNode, childrenOf, itemsOf, methodCallOf, splitAt } from './syntax.ts'
import { type PythonValue, Unresolved, measured } from './values.ts'

export type Names = Map<string, PythonValue>

/** Where statements run: the module, the body of a class, a method. */
export interface Frame {
  source: PythonSource
  /** What is assigned to bare names here. */
  names: Names
  /** Where a name is looked up that this frame does not have. */
  outer?: Names
  /** Attributes by the name of their owner (`self`, the class): assigned to the first of the maps, looked up in all. */
  owners?: Map<string, [Names, ...Names[]]>
  onClass?: (definition: SyntaxNode) => void
}

const scopeOf = ({ source, names, outer, owners }: Frame): Scope => ({
  source,
  nameValue: (name) => names.get(name) ?? outer?.get(name),
  attributeValue: (owner, name) =>
    owners
      ?.get(owner)
      ?.find((attributes) => attributes.has(name))
      ?.get(name),
})

const maxTargetDepth = 16

/** `container[key] = value`: a new container, which is assigned in place of the old one. */
const assignItem = (frame: Frame, target: SyntaxNode, value: PythonValue, depth: number) => {
  const [owner, , member, closing] = childrenOf(target)
  if (!owner || !member || closing?.name !== ']' || depth >= maxTargetDepth) return
  const container = evaluate(owner, scopeOf(frame))
  const key = toKey(evaluate(member, scopeOf(frame)))
  if (!(container instanceof Map) || key === undefined) return
  assign(frame, owner, measured(frame.source.budget, new Map(container).set(key, value)), depth + 1)
}

const assign = (frame: Frame, target: SyntaxNode, value: PythonValue, depth = 0): void => {
  const { source, names, owners } = frame
  if (target.name === 'VariableName') names.set(source.textOf(target), value)
  if (target.name !== 'MemberExpression') return
  const [owner, operator, member] = childrenOf(target)
  if (operator?.name !== '.') assignItem(frame, target, value, depth)
  else if (owner && member) owners?.get(source.textOf(owner))?.[0].set(source.textOf(member), value)
}

/** `a = b = value`, `a: Type = value`; of `a, b = …` only that both are unknown from here on. */
const runAssignment = (frame: Frame, statement: SyntaxNode) => {
  const sides = splitAt(
    'AssignOp',
    childrenOf(statement).filter((one) => one.name !== 'TypeDef'),
  )
  const expression = sides.pop()
  if (sides.length === 0 || !expression) return
  const [first] = expression
  const isOne = first && expression.length === 1
  const value = isOne ? evaluate(first, scopeOf(frame)) : new Unresolved(statement.from, statement.to)
  for (const targets of sides) {
    const [target, ...others] = targets.flatMap((one) => (one.name === 'TupleExpression' ? itemsOf(one).flat() : one))
    if (target && others.length === 0) assign(frame, target, value)
    else for (const one of [target, ...others]) if (one) assign(frame, one, new Unresolved(one.from, one.to))
  }
}

/** `target += value`. */
const runUpdate = (frame: Frame, statement: SyntaxNode) => {
  const [target, operator, expression] = childrenOf(statement)
  if (!target || !operator || !expression) return
  const before = evaluate(target, scopeOf(frame))
  const added = evaluate(expression, scopeOf(frame))
  const isSum = frame.source.textOf(operator) === '+='
  assign(
    frame,
    target,
    (isSum ? sumOf(frame.source.budget, [before, added]) : undefined) ?? new Unresolved(statement.from, statement.to),
  )
}

/** `target.update({…})` and `target.append(…)`. */
const runCall = (frame: Frame, node: SyntaxNode) => {
  const call = methodCallOf(frame.source, node)
  const [argument, ...others] = call?.arguments.flat() ?? []
  if (!call || !argument || others.length > 0 || !/^(update|append)$/.test(call.method)) return
  const before = evaluate(call.owner, scopeOf(frame))
  const value = evaluate(argument, scopeOf(frame))
  if (call.method === 'update' && before instanceof Map && value instanceof Map) {
    assign(frame, call.owner, measured(frame.source.budget, new Map([...before, ...value])))
  } else if (call.method === 'append' && Array.isArray(before)) {
    assign(frame, call.owner, measured(frame.source.budget, [...before, value]))
  }
}

const maxBlockDepth = 16

/** What runs unless something fails: the body of `with`, and all of `try` but its `except`. */
const runInnerBlocks = (frame: Frame, statement: SyntaxNode, depth: number) => {
  let keyword = ''
  for (const child of childrenOf(statement)) {
    if (/^(try|except|else|finally|with)$/.test(child.name)) keyword = child.name
    if (child.name === 'Body' && keyword !== 'except') runBlock(frame, child, depth + 1)
  }
}

type Run = (frame: Frame, statement: SyntaxNode, depth: number) => void

const runners = new Map<string, Run>([
  ['AssignStatement', runAssignment],
  ['UpdateStatement', runUpdate],
  [
    'ExpressionStatement',
    (frame, statement) => {
      const call = statement.firstChild
      if (call?.name === 'CallExpression') runCall(frame, call)
    },
  ],
  ['StatementGroup', (frame, statement, depth) => runBlock(frame, statement, depth + 1)],
  ['TryStatement', runInnerBlocks],
  ['WithStatement', runInnerBlocks],
  ['ClassDefinition', (frame, statement) => frame.onClass?.(statement)],
  [
    'DecoratedStatement',
    (frame, statement) => {
      const definition = statement.lastChild
      if (definition?.name === 'ClassDefinition') frame.onClass?.(definition)
    },
  ],
])

/** The assignments of a block, in their order. Conditions, loops and functions inside of it are not looked into. */
export const runBlock = (frame: Frame, block: SyntaxNode, depth = 0): void => {
  if (depth > maxBlockDepth) return
  for (const statement of childrenOf(block)) {
    frame.source.budget.spend(1)
    runners.get(statement.name)?.(frame, statement, depth)
  }
}
