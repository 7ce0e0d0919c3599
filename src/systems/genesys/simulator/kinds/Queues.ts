/**
 * Queues: the entity that refers to almost everything else.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind, Value } from "../Kind.ts"
import { without } from "../Shown.ts"
import { emailAddress } from "./Email.ts"

const tones = { autoAnswerAlertToneSeconds: 0, manualAnswerAlertToneSeconds: 0.5 }

const media = (draw: Draw): Entity => ({
  enableAutoAnswer: draw.chance(0.3),
  alertingTimeoutSeconds: draw.between(7, 60),
  serviceLevel: { percentage: draw.between(0, 10) / 10, durationMs: draw.between(1, 60) * 1000 },
  ...tones
})

const callback = (draw: Draw): Entity => ({
  ...media(draw),
  mode: draw.pick(["AgentFirst", "CustomerFirst"]),
  enableAutoDialAndEnd: draw.chance(0.5),
  autoDialDelaySeconds: draw.between(0, 300),
  autoEndDelaySeconds: draw.between(0, 300),
  pacingModifier: 1.5,
  maxRetryCount: draw.between(0, 5),
  retryDelaySeconds: 300,
  ...draw.maybe(0.2, () => ({
    liveVoiceReactionType: "TransferToFlow",
    liveVoiceFlow: draw.ref("flow"),
    answeringMachineReactionType: "TransferToFlow",
    answeringMachineFlow: draw.ref("flow")
  }))
})

const message = (draw: Draw): Entity => ({
  ...media(draw),
  subTypeSettings: draw.maybe(0.3, () => ({
    whatsapp: { enableAutoAnswer: true, enableInactivityTimeout: false },
    webmessaging: { enableAutoAnswer: false, enableInactivityTimeout: true }
  })),
  enableInactivityTimeout: true,
  inactivityTimeoutSettings: draw.maybe(0.4, () => ({
    timeoutSeconds: draw.between(120, 900),
    actionType: "SEND_TO_ARCHITECT_FLOW",
    flowId: draw.ref("flow")
  }))
})

const groupKinds = [["TEAM", "team"], ["GROUP", "group"], ["SKILLGROUP", "routing_skill_group"]] as const

const memberGroup = (draw: Draw): Entity => {
  const [type, kind] = draw.pick(groupKinds)
  const { id, name, selfUri } = draw.ref(kind)
  return { id, name, type, memberCount: 3, selfUri }
}

const memberGroups = (draw: Draw, least: number): Array<Entity> => {
  const groups = Array.from({ length: draw.between(least, least + 2) }, () => memberGroup(draw))
  return groups.filter(({ id }, index) => groups.findIndex((other) => other["id"] === id) === index)
}

/** Itself now and then, which the configuration may not say. */
const otherQueue = (draw: Draw): Entity =>
  draw.chance(0.25) ? draw.ref("routing_queue", draw.index) : draw.ref("routing_queue")

const metric = (draw: Draw): Entity => ({
  simpleMetric: { metric: "EstimatedWaitTime", queue: otherQueue(draw) },
  operator: "GreaterThan",
  value: draw.between(1, 90)
})

const bullseye = (draw: Draw): Entity => ({
  rings: Array.from({ length: 5 }, (_, ring) => ({
    expansionCriteria: [{ type: "TIMEOUT_SECONDS", threshold: ring === 0 ? 0 : draw.between(2, 60) }],
    actions: {
      skillsToRemove: ring < 2
        ? draw.refs("routing_skill", 2).map(({ id, name, selfUri }) => ({ name, id, selfUri }))
        : []
    },
    memberGroups: ring < 3 ? memberGroups(draw, 0) : []
  }))
})

const queue = (draw: Draw): Entity => {
  const reference = (probability: number, kind: "flow" | "architect_user_prompt"): Value =>
    draw.maybe(probability, () => draw.ref(kind))
  return {
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    description: draw.text(draw.name),
    dateCreated: draw.created(),
    dateModified: draw.modified(),
    createdBy: draw.sureIdOf("user"),
    modifiedBy: draw.sureIdOf("user"),
    memberCount: members(draw.organisation.draw("routing_queue", draw.index)).length,
    userMemberCount: members(draw.organisation.draw("routing_queue", draw.index)).length,
    joinedMemberCount: 0,
    mediaSettings: {
      call: media(draw),
      callback: callback(draw),
      chat: media(draw),
      email: media(draw),
      message: message(draw)
    },
    routingRules: draw.several(3, (index) => ({
      operator: index === 0 ? "MEETS_THRESHOLD" : "ANY",
      threshold: draw.between(0, 5),
      waitSeconds: draw.between(2, 120)
    })),
    conditionalGroupRouting: draw.maybe(0.2, () => ({
      // The first rule is always about the queue itself.
      rules: [draw.ref("routing_queue", draw.index), ...draw.several(2, () => otherQueue(draw))].map((queue) => ({
        queue,
        metric: "EstimatedWaitTime",
        operator: "GreaterThanOrEqualTo",
        conditionValue: draw.between(0, 90),
        groups: memberGroups(draw, 1),
        waitSeconds: draw.between(1, 60)
      }))
    })),
    conditionalGroupActivation: draw.maybe(0.1, () => ({
      pilotRule: { conditions: [metric(draw)], conditionExpression: "C1" },
      rules: [{
        conditions: [metric(draw), metric(draw)],
        conditionExpression: "C1 and C2",
        groups: memberGroups(draw, 1)
      }]
    })),
    bullseye: draw.maybe(0.3, () => bullseye(draw)),
    scoringMethod: draw.pick(["TimestampAndPriority", "PriorityOnly"]),
    lastAgentRoutingMode: draw.pick(["Disabled", "QueueMembersOnly", "AnyAgent"]),
    acwSettings: {
      wrapupPrompt: draw.pick(["MANDATORY", "OPTIONAL", "MANDATORY_TIMEOUT", "AGENT_REQUESTED"]),
      timeoutMs: draw.between(1, 300) * 1000
    },
    skillEvaluationMethod: draw.pick(["NONE", "BEST", "ALL"]),
    memberGroups: memberGroups(draw, 0),
    queueFlow: reference(0.6, "flow"),
    emailInQueueFlow: reference(0.2, "flow"),
    messageInQueueFlow: reference(0.2, "flow"),
    whisperPrompt: reference(0.3, "architect_user_prompt"),
    onHoldPrompt: reference(0.3, "architect_user_prompt"),
    autoAnswerOnly: draw.chance(0.7),
    cannedResponseLibraries: draw.maybe(0.3, () => ({
      mode: "SelectedOnly",
      libraryIds: draw.ids("responsemanagement_library", 3)
    })),
    enableTranscription: draw.chance(0.5),
    enableAudioMonitoring: draw.chance(0.5),
    enableManualAssignment: draw.chance(0.3),
    agentOwnedRouting: draw.maybe(0.3, () => ({
      enableAgentOwnedCallbacks: true,
      maxOwnedCallbackHours: draw.between(1, 100),
      maxOwnedCallbackDelayHours: draw.between(1, 20)
    })),
    directRouting: draw.maybe(0.3, () => ({
      callMediaSettings: { useAgentAddressOutbound: true },
      emailMediaSettings: { useAgentAddressOutbound: false },
      messageMediaSettings: { useAgentAddressOutbound: false },
      backupQueueId: draw.chance(0.3) ? draw.id : draw.idOf("routing_queue"),
      waitForAgent: true,
      agentWaitSeconds: draw.between(0, 600)
    })),
    callingPartyName: draw.maybe(0.5, () => draw.name),
    callingPartyNumber: draw.maybe(0.5, () => draw.number()),
    defaultScripts: draw.maybe(0.4, () => ({
      CALL: script(draw),
      CHAT: script(draw)
    })),
    outboundMessagingAddresses: draw.maybe(0.1, () => ({
      smsAddress: { id: draw.uuid(), name: draw.number() },
      openMessagingRecipient: draw.maybe(0.5, () => ({ id: draw.uuid(), name: "open" })),
      whatsAppRecipient: draw.maybe(0.5, () => ({ id: draw.uuid(), name: "whatsapp" }))
    })),
    outboundEmailAddress: draw.maybe(0.2, () => emailAddress(draw)),
    peerId: peered(draw) ? draw.uuid() : undefined,
    suppressInQueueCallRecording: draw.chance(0.5),
    selfUri: draw.uri
  }
}

const script = (draw: Draw): Entity => {
  const { id, name } = draw.ref("script")
  return { id, name }
}

const peered = (draw: Draw): boolean => draw.index % 40 === 39

/**
 * The members of a queue, who are asked for apart from it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const members = (draw: Draw): Array<Entity> => {
  // A few queues have more members than a page holds.
  const most = draw.index % 50 === 1 ? 260 : 6
  return draw.targets("user", most).map((user) => {
    const { id, name, selfUri } = draw.ref("user", user)
    return {
      id,
      name,
      user: { id, name, version: 1, selfUri },
      ringNumber: 1 + (user % 5),
      joined: user % 2 === 0,
      memberBy: "user",
      selfUri: `${draw.uri}/members/${String(id)}`
    }
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [{
  name: "routing_queue",
  weight: 60,
  least: 3,
  word: "Queue",
  permissions: ["routing:queue:view"],
  listing: {
    path: "/api/v2/routing/queues",
    style: "pages",
    maximum: 500,
    part: (query) => query["hasPeer"] === undefined ? undefined : query["hasPeer"] === "true" ? "peered" : "own",
    show: without("bullseye", "conditionalGroupActivation")
  },
  read: "/api/v2/routing/queues/{queueId}",
  part: (draw) => peered(draw) ? "peered" : "own",
  build: queue
}]
