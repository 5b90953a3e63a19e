/** Which contexts' doors a context may open: the one literal. A new line is a new dependency: it wants a reason. */
export const contextDoors: Record<string, readonly string[]> = {
  identity: [],
  plants: [],
  workflows: ['plants'],
  'plant-ops': ['plants'],
  documents: ['plants'],
}
