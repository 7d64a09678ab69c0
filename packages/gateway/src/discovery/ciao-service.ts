// Announcements through the multicast DNS library, which is loaded when the first one is made.

import type { Announcement } from './announcement.ts'
import { MDNS_SERVICE_TYPE } from './announcement.ts'
import type { MdnsService } from './mdns-advertiser.ts'
import type { MdnsState } from './mdns-watch.ts'

export async function openCiaoService({ name, port, txt, address }: Announcement): Promise<MdnsService> {
  const { getResponder } = await import('@homebridge/ciao')
  const responder = getResponder(address === undefined ? {} : { interface: address })
  const service = responder.createService({ name, type: MDNS_SERVICE_TYPE, port, txt: { ...txt } })
  return {
    get state() {
      return service.serviceState as MdnsState
    },
    advertise: () => service.advertise(),
    end: async () => {
      try {
        await service.destroy()
      } finally {
        await responder.shutdown()
      }
    },
  }
}
