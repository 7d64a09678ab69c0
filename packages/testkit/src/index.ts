// Public surface of the test kit: fixtures that clean up after themselves, raw peers, contract suites.

export * from './gateway-fixture.ts'
export * from './gateway-process.ts'
export * from './raw-client.ts'
export * from './self-connections.ts'
export * from './slow-handshake.ts'
export * from './temp-dir.ts'
export * from './test-device.ts'
