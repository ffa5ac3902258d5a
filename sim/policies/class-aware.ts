// The controller of `predictive` with parameters that follow the class of the workload (K80): batch, interactive or real-time,
// told from the requests as they come (predictor/workload-class.ts). Interactive is what the controller was tuned on and keeps
// its parameters, an unknown one too; of the other two those differ that tuning on demands of their kind chose
// (docs/decisions.md). What lives how long is not known here, so of the two ways to be batch only idling is seen. Its classifier
// lies in the arena beside the controller's own state and is paid for: 48 bytes more than `predictive`.

import {
  WORKLOAD_BATCH,
  WORKLOAD_REAL_TIME,
  WORKLOAD_STATE_BYTES,
  WorkloadClassifier,
} from "../../predictor/workload-class.ts";
import { REQUEST_SIZES_BYTES } from "../request-sizes.ts";
import {
  CONTROLLER_PARAMETERS,
  type ControllerParameters,
  controlled,
  ForecastController,
} from "./forecast-controller.ts";
import type { Policy, PolicyDefinition, PolicyWorld } from "./policy.ts";

/** Those of the controller, for interactive workloads, and by which the other classes differ. */
const CLASS_PARAMETERS = {
  ...CONTROLLER_PARAMETERS,
  realTimeExposureRatio: 0.0003,
  realTimePackExposureRatio: CONTROLLER_PARAMETERS.packExposureRatio,
  realTimeCrowdFactor: CONTROLLER_PARAMETERS.crowdFactor,
  realTimeSpareRuns: 0,
  batchExposureRatio: 0.0001,
  batchPackExposureRatio: 0.002,
  batchCrowdFactor: CONTROLLER_PARAMETERS.crowdFactor,
  batchSpareRuns: CONTROLLER_PARAMETERS.spareRuns,
};

export const classAware: PolicyDefinition = {
  ...controlled({
    id: "class-aware",
    title: "class-aware",
    description: "predictive with parameters that follow the class of the workload: batch, interactive or real-time",
    signal: "compact",
    isBound: false,
  }),
  stateBytes: REQUEST_SIZES_BYTES + WORKLOAD_STATE_BYTES,
  parameters: CLASS_PARAMETERS,
  create: (world) => new ClassAwarePolicy(world),
};

class ClassAwarePolicy implements Policy {
  readonly #world: PolicyWorld;
  readonly #controller: ForecastController;
  readonly #classifier: WorkloadClassifier;
  /** By WORKLOAD_*. */
  readonly #byClass: readonly ControllerParameters[];
  #class: number;

  constructor(world: PolicyWorld) {
    const own = { ...CLASS_PARAMETERS, ...world.tuning };
    const { buffer, byteOffset } = world.state;
    this.#world = world;
    this.#controller = new ForecastController(world);
    this.#classifier = new WorkloadClassifier(buffer, byteOffset + REQUEST_SIZES_BYTES);
    this.#class = this.#classifier.workloadClass;
    const shared = Object.fromEntries(
      Object.keys(CONTROLLER_PARAMETERS).map((name) => [name, own[name as keyof ControllerParameters]]),
    ) as ControllerParameters;
    const byClass = [shared, shared, shared, shared];
    byClass[WORKLOAD_BATCH] = {
      ...shared,
      exposureRatio: own.batchExposureRatio,
      packExposureRatio: own.batchPackExposureRatio,
      crowdFactor: own.batchCrowdFactor,
      spareRuns: own.batchSpareRuns,
    };
    byClass[WORKLOAD_REAL_TIME] = {
      ...shared,
      exposureRatio: own.realTimeExposureRatio,
      packExposureRatio: own.realTimePackExposureRatio,
      crowdFactor: own.realTimeCrowdFactor,
      spareRuns: own.realTimeSpareRuns,
    };
    this.#byClass = byClass;
  }

  onTick(nowMicros: number): void {
    const classifier = this.#classifier;
    classifier.tick();
    const now = classifier.workloadClass;
    if (now !== this.#class) {
      this.#class = now;
      this.#controller.use(this.#byClass[now]!);
      this.#world.log.record(nowMicros, "autonomy", "hold", `the workload is ${classifier.name} now`, false);
    }
    this.#controller.onTick(nowMicros);
  }

  onAllocation(nowMicros: number, lengthBytes: number): void {
    const { demand, nextRow } = this.#world;
    this.#classifier.observeRequest(lengthBytes, demand.requestClass[nextRow - 1]!);
    this.#controller.onAllocation(nowMicros, lengthBytes);
  }
}
