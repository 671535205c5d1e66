// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeManager} from "../stake/IStakeManager.sol";
import {IRuns} from "./IRuns.sol";

/// @notice The owner that the caller works for, and the index of its seat in a round; as the run itself finds it.
function servingSeatOf(
    address runs,
    address stake,
    uint64 runId,
    uint32 round
) view returns (address owner, uint8 index) {
    owner = IStakeManager(stake).ownerOf(msg.sender);
    uint32 number = IRuns(runs).seatOfOwner(runId, owner);
    // INVARIANT: a seat acts in its own rounds only; its index may be another's in the others.
    require(number != 0, IRuns.NotServing(runId, owner, round));
    IRuns.Seat memory seat = IRuns(runs).seatOf(runId, number);
    require(seat.since <= round && round <= seat.until, IRuns.NotServing(runId, owner, round));
    index = seat.index;
}
