// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId, ClaimKind} from "../types/ClaimId.sol";
import {IAuditing} from "./IAuditing.sol";
import {IRuns} from "./IRuns.sol";

/// @title What availability and verdicts ask about a round under audit.
abstract contract Auditing is IAuditing {
    /// @inheritdoc IAuditing
    address public immutable stake;

    /// @inheritdoc IAuditing
    address public immutable claims;

    /// @inheritdoc IAuditing
    address public immutable runs;

    constructor(address stake_, address claims_, address runs_) {
        stake = stake_;
        claims = claims_;
        runs = runs_;
    }

    /// @dev The owner that the caller works for, and the index of its seat in a round; as the run itself finds it.
    function _servingSeat(uint64 runId, uint32 round) internal view returns (address owner, uint8 index) {
        owner = IStakeManager(stake).ownerOf(msg.sender);
        uint32 number = IRuns(runs).seatOfOwner(runId, owner);
        // INVARIANT: a seat acts in its own rounds only; its index may be another's in the others.
        require(number != 0, IRuns.NotServing(runId, owner, round));
        IRuns.Seat memory seat = IRuns(runs).seatOf(runId, number);
        require(seat.since <= round && round <= seat.until, IRuns.NotServing(runId, owner, round));
        index = seat.index;
    }

    /// @dev Of what is no claim of a miner's, nothing is drawn. Once the beacon is.
    function _drawOf(ClaimId work) internal view returns (bool isDrawn, uint8 segment) {
        if (work.kind() != ClaimKind.WORK || IClaims(claims).wordOf(work) == bytes32(0)) return (false, 0);
        return IRuns(runs).drawn(work.runOf(), work.roundOf(), work.numberOf());
    }
}
