// Test support for packages that take a Clock or a Random. Not for production code.

export { FakeClock, flushPromises } from './fake-clock.ts'
export { seededRandom } from './seeded-random.ts'
