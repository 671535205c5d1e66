// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../claim/IClaims.sol";
import {IOwnership} from "../own/IOwnership.sol";
import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimKind, claimId} from "../types/ClaimId.sol";
import {MemberSet} from "../types/MemberSet.sol";
import {Duration, now_} from "../types/Time.sol";
import {decayedPriceUp, raisedPriceUp} from "./JoiningPrice.sol";
import {IRuns} from "./IRuns.sol";
import {RunParameters} from "./RunParameters.sol";
import {RunStorage} from "./RunStorage.sol";

/// @title Who takes part in a run.
abstract contract Membership is RunStorage {
    /// @inheritdoc IRuns
    function join(uint64 runId, Role role, uint128 maxPrice) external returns (uint32 seat) {
        Run storage run = _run(runId);
        require(IStakeManager(stake).nodeOf(msg.sender) != address(0), NodeMissing(msg.sender));
        // INVARIANT: an owner has one seat at a time: its batches are its own, and no other member's.
        Tenancy memory held = _tenancies[runId][msg.sender];
        require(held.seat == 0 || held.until < run.round, AlreadyMember(runId, msg.sender, held.seat));
        // INVARIANT: an index names one seat within a round.
        uint256 free = _taken(run).lowestAbsent();
        require(free < run.parameters.maxMembers, RunFull(runId, run.parameters.maxMembers));
        // INVARIANT: nobody pays more than it agreed to.
        uint128 price = _joiningPriceOf(run);
        require(price <= maxPrice, PriceAboveMaximum(price, maxPrice));

        uint8 index = uint8(free);
        uint32 since = run.round + 1;
        seat = ++run.seats;
        _seats[runId][seat] = Seat(msg.sender, index, role, since, SERVING);
        seatAt[runId][index] = seat;
        _tenancies[runId][msg.sender] = Tenancy(seat, index, role, since, SERVING);
        if (role == Role.MINER) run.miners = run.miners.with(index);
        else run.validators = run.validators.with(index);
        run.price = raisedPriceUp(price, run.parameters.joinMultiplier);
        run.pricedAt = now_();

        emit Joined(runId, msg.sender, seat, index, role, since, price);

        IStakeManager(stake).burn(msg.sender, price);
        if (role == Role.MINER) IOwnership(ownership).enroll(runId, seat);
        bytes32 word = keccak256(abi.encode(msg.sender, seat));
        uint128 deposit = _depositOf(run.parameters, role);
        IClaims(claims).post(claimId(ClaimKind.SEAT, runId, since, seat), word, msg.sender, deposit);
    }

    /// @inheritdoc IRuns
    function leave(uint64 runId) external {
        Run storage run = _run(runId);
        Tenancy memory seat = _tenancies[runId][msg.sender];
        // INVARIANT: a seat is given up once.
        require(seat.seat != 0 && seat.until == SERVING, NotMember(runId, msg.sender));

        _endSeat(run, runId, seat.seat);
    }

    /// @inheritdoc IRuns
    function joiningPriceOf(uint64 runId) external view returns (uint128) {
        return _joiningPriceOf(_run(runId));
    }

    /// @inheritdoc IRuns
    function seatOf(uint64 runId, uint32 seat) external view returns (Seat memory) {
        return _seat(runId, seat);
    }

    /// @inheritdoc IRuns
    function seatOfOwner(uint64 runId, address owner) external view returns (uint32) {
        return _tenancies[runId][owner].seat;
    }

    function _seat(uint64 runId, uint32 number) internal view returns (Seat memory seat) {
        seat = _seats[runId][number];
        require(seat.owner != address(0), UnknownSeat(runId, number));
    }

    /// @dev Of a seat that has not been given up, which is then its owner's latest: from the next round on.
    function _endSeat(Run storage run, uint64 runId, uint32 number) internal {
        Seat storage seat = _seats[runId][number];
        (address owner, uint8 index, Role role) = (seat.owner, seat.index, seat.role);
        seat.until = run.round;
        _tenancies[runId][owner].until = run.round;
        if (role == Role.MINER) run.miners = run.miners.without(index);
        else run.validators = run.validators.without(index);

        emit Left(runId, owner, number, index, role, run.round);
    }

    /// @dev What a seat locks as long as it is held against its service.
    function _depositOf(RunParameters storage parameters, Role role) internal view returns (uint128) {
        return role == Role.MINER ? parameters.serviceDeposit : parameters.dutyDeposit;
    }

    /// @dev The owner a node key works for, and its seat in this round.
    function _servingSeat(uint64 runId, uint32 round) internal view returns (address owner, Tenancy memory seat) {
        owner = IStakeManager(stake).ownerOf(msg.sender);
        seat = _tenancies[runId][owner];
        // INVARIANT: a seat acts in its own rounds only; its index may be another's in the others.
        require(seat.seat != 0 && seat.since <= round && round <= seat.until, NotServing(runId, owner, round));
    }

    function _joiningPriceOf(Run storage run) internal view returns (uint128) {
        uint256 elapsed = now_().since(run.pricedAt);
        uint256 halfLife = Duration.unwrap(run.parameters.joinHalfLife);
        return decayedPriceUp(run.price, run.parameters.joinFloor, elapsed, halfLife);
    }

    /// @dev Indices in use now or from the next round on.
    function _taken(Run storage run) private view returns (MemberSet) {
        return run.miners.unite(run.validators).unite(run.activeMiners).unite(run.activeValidators);
    }
}
