// What if: the parameters of the policies, the limits, and the guards, changed by hand. Anything but the two switches makes the
// run one that the command line has no flags for.

import { BURST, change, injectBurst } from "../actions.ts";
import { alterationsOf } from "../options.ts";
import { options } from "../state.ts";
import { parametersOf } from "../url.ts";

const LIMITS = { runsPerSecond: 10, movedBytesPerSecond: 8_500_000 } as const;

export function WhatIf() {
  const { policies, isAutonomyOn, isWatchdogOn, tuning, limits, bursts } = options.value;
  const altered = alterationsOf(options.value);
  const parameters = Object.entries(parametersOf(policies));
  return (
    <details class="what-if">
      <summary>What if … {altered.length > 0 && `(altered: ${altered.join(", ")})`}</summary>
      <div class="row fields">
        <Switch label="decision loop" isOn={isAutonomyOn} set={(isOn) => change({ isAutonomyOn: isOn })} />
        <Switch label="watchdog" isOn={isWatchdogOn} set={(isOn) => change({ isWatchdogOn: isOn })} />
        <Switch
          label="forecast of B (off: the same controller, blind)"
          isOn={policies[1] !== "blind"}
          set={(isOn) => change({ policies: [policies[0], isOn ? "predictive" : "blind"] })}
        />
        {Object.entries(LIMITS).map(([name, usual]) => (
          <NumberField
            key={name}
            name={name}
            value={limits[name as keyof typeof LIMITS] ?? usual}
            usual={usual}
            least={1}
            set={(value) => change({ limits: without(limits, name, value, usual) })}
          />
        ))}
        {parameters.map(([name, usual]) => (
          <NumberField
            key={name}
            name={name}
            value={tuning[name] ?? usual}
            usual={usual}
            least={0}
            set={(value) => change({ tuning: without(tuning, name, value, usual) })}
          />
        ))}
        <NumberField
          name="burst blocks"
          value={BURST.blocks}
          usual={BURST.blocks}
          least={1}
          set={(value) => (BURST.blocks = Math.min(5000, Math.round(value)))}
        />
        <NumberField
          name="burst bytes each"
          value={BURST.sizeBytes}
          usual={BURST.sizeBytes}
          least={1}
          set={(value) => (BURST.sizeBytes = Math.round(value))}
        />
        <button type="button" onClick={injectBurst}>
          burst at this moment
        </button>
        <button
          type="button"
          disabled={altered.length === 0}
          onClick={() => change({ limits: {}, tuning: {}, bursts: [] })}
        >
          undo all{bursts.length > 0 ? " and bursts" : ""}
        </button>
      </div>
      <p class="quiet">
        {parameters.length === 0
          ? "Neither policy has parameters."
          : "The network forecasts 5 s ahead: with another lookahead the controller goes by the line from the pressure now to that forecast's upper bound."}
      </p>
    </details>
  );
}

function without(known: Readonly<Record<string, number>>, name: string, value: number, usual: number) {
  const { [name]: _old, ...others } = known;
  return value === usual ? others : { ...others, [name]: value };
}

interface SwitchProps {
  readonly label: string;
  readonly isOn: boolean;
  readonly set: (isOn: boolean) => void;
}

function Switch({ label, isOn, set }: SwitchProps) {
  return (
    <label>
      <input type="checkbox" checked={isOn} onChange={(event) => set(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

interface NumberFieldProps {
  readonly name: string;
  readonly value: number;
  readonly usual: number;
  readonly least: number;
  readonly set: (value: number) => void;
}

function NumberField({ name, value, usual, least, set }: NumberFieldProps) {
  return (
    <label title={`usually ${usual}`}>
      {name}
      <input
        type="number"
        min={least}
        step="any"
        value={value}
        onChange={(event) => {
          const given = event.currentTarget.valueAsNumber;
          if (Number.isFinite(given) && given >= least) set(given);
          else event.currentTarget.value = String(value);
        }}
      />
    </label>
  );
}
