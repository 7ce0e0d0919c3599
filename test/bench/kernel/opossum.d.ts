declare module "opossum" {
  export default class CircuitBreaker<A> {
    constructor(action: () => Promise<A>, options: {
      readonly timeout?: number | false
      readonly capacity?: number
      readonly errorThresholdPercentage?: number
    })
    fire(): Promise<A>
  }
}
