// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {IVerdicts} from "../claim/IVerdicts.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {IRunLens} from "./IRunLens.sol";
import {IRuns} from "./IRuns.sol";

/// @title RunLens
/// @notice The manual is {IRunLens}.
contract RunLens is IRunLens {
    IRuns private immutable _runs;
    IClaims private immutable _claims;
    IStakeManager private immutable _stake;

    constructor(IRuns runs) {
        _runs = runs;
        _claims = IClaims(runs.claims());
        _stake = IStakeManager(runs.stake());
    }

    /// @inheritdoc IRunLens
    function membersOf(uint64 runId) external view returns (Member[] memory members) {
        IRuns.RunView memory run = _runs.runOf(runId);
        MemberSet set = run.miners.unite(run.validators).unite(run.activeMiners).unite(run.activeValidators);
        members = new Member[](set.count());
        uint256 next = 0;
        for (uint256 index = 0; next < members.length; ++index) {
            if (set.has(uint8(index))) members[next++] = _member(runId, _runs.seatAt(runId, uint8(index)));
        }
    }

    /// @inheritdoc IRunLens
    function dutiesOf(uint64 runId, uint32 round) external view returns (Duty[] memory duties) {
        IRuns.RoundView memory facts = _runs.roundOf(runId, round);
        bool hasBeacon = facts.beacon != bytes32(0);
        duties = new Duty[](facts.committed.count());
        uint256 found = 0;
        uint256 left = duties.length;
        for (uint256 index = 0; left != 0; ++index) {
            if (!facts.committed.has(uint8(index))) continue;
            --left;
            Duty memory duty = _duty(runId, round, _runs.seatAt(runId, uint8(index)), hasBeacon);
            if (duty.word != bytes32(0)) duties[found++] = duty;
        }
        // Shorten the array to what was found.
        assembly ("memory-safe") {
            mstore(duties, found)
        }
    }

    function _member(uint64 runId, uint32 number) private view returns (Member memory) {
        IRuns.Seat memory seat = _runs.seatOf(runId, number);
        address node = _stake.nodeOf(seat.owner);
        return Member(number, seat.index, seat.role, seat.owner, node, seat.since, seat.until);
    }

    function _duty(uint64 runId, uint32 round, uint32 number, bool hasBeacon) private view returns (Duty memory duty) {
        IRuns.Seat memory seat = _runs.seatOf(runId, number);
        ClaimId id = _runs.workClaimId(runId, round, number);
        duty.seat = number;
        duty.index = seat.index;
        duty.owner = seat.owner;
        duty.claimId = id;
        duty.word = _claims.wordOf(id);
        duty.status = _claims.statusOf(id);
        duty.deposit = _claims.statusOf(claimId(ClaimKind.SEAT, runId, seat.since, number));
        duty.segments = _runs.segmentsOf(runId, round, number);
        if (!hasBeacon) return duty;
        (duty.drawn, duty.segment) = _runs.drawn(runId, round, number);
        (duty.validators, duty.standIns) = IVerdicts(_claims.verdicts()).validatorsOf(id);
    }
}
