// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IStakeManager} from "../stake/IStakeManager.sol";
import {ClaimId, ClaimKind} from "../types/ClaimId.sol";
import {Duration, now_} from "../types/Time.sol";
import {IClaims} from "./IClaims.sol";
import {IClaimSource} from "./IClaimSource.sol";

/// @title Claims
/// @notice The manual is {IClaims}.
contract Claims is IClaims {
    /// @dev What happened to a claim after it was posted; nothing for most. The rest is derived.
    struct Fate {
        uint32 openChallenges;
        bool voided;
        bool released;
    }

    /// @inheritdoc IClaims
    mapping(ClaimId id => bytes32) public wordOf;

    mapping(ClaimId id => Fate) private _fates;

    /// @inheritdoc IClaims
    mapping(ClaimId id => mapping(address challenger => ChallengeStatus)) public challengeStatusOf;

    /// @inheritdoc IClaims
    address public immutable runs;

    /// @inheritdoc IClaims
    address public immutable stake;

    /// @inheritdoc IClaims
    address public immutable game;

    /// @inheritdoc IClaims
    address public immutable verdicts;

    /// @inheritdoc IClaims
    address public immutable receipts;

    /// @inheritdoc IClaims
    address public immutable availability;

    /// @inheritdoc IClaims
    Duration public immutable longestWindow;

    modifier onlyGame() {
        require(msg.sender == game, NotGame(msg.sender, game));
        _;
    }

    constructor(
        address runs_,
        address stake_,
        address game_,
        address verdicts_,
        address receipts_,
        address availability_,
        Duration longestWindow_
    ) {
        runs = runs_;
        stake = stake_;
        game = game_;
        verdicts = verdicts_;
        receipts = receipts_;
        availability = availability_;
        longestWindow = longestWindow_;
    }

    /// @inheritdoc IClaims
    function post(ClaimId id, bytes32 word, address claimant, uint128 bond) external {
        address source = address(_sourceOf(id));
        require(msg.sender == source, NotSource(msg.sender, source));
        // INVARIANT: what was claimed never changes.
        require(wordOf[id] == bytes32(0), AlreadyPosted(id));

        wordOf[id] = word;

        IStakeManager(stake).lock(claimant, bond);
    }

    /// @inheritdoc IClaims
    function challenge(ClaimId id, bytes32 word, address challenger) external onlyGame {
        bytes32 posted = wordOf[id];
        require(posted != bytes32(0), NotPosted(id));
        // INVARIANT: a challenge hits the claim that its author saw.
        require(word == posted, WordMismatch(id, word, posted));
        IClaimSource.ClaimTerms memory terms = _sourceOf(id).termsOf(id);
        require(terms.challengeable, NotChallengeable(id));
        Fate storage fate = _fates[id];
        // INVARIANT: what is final stays final.
        require(!fate.voided && !now_().isAtOrAfter(terms.finalAt), WindowClosed(id, _statusOf(id, terms)));
        require(challengeStatusOf[id][challenger] == ChallengeStatus.NONE, AlreadyChallenged(id, challenger));

        challengeStatusOf[id][challenger] = ChallengeStatus.OPEN;
        uint32 others = fate.openChallenges++;

        emit Challenged(id, challenger, terms.claimant, terms.challengeBond);

        IStakeManager(stake).lock(challenger, terms.challengeBond);
        if (others == 0) _sourceOf(id).onFrozen(id);
    }

    /// @inheritdoc IClaims
    function void(ClaimId id, address winner) external onlyGame {
        _requireOpen(id, winner);
        Fate storage fate = _fates[id];
        // INVARIANT: a bond is lost once.
        require(!fate.voided, WindowClosed(id, ClaimStatus.VOIDED));
        IClaimSource.ClaimTerms memory terms = _sourceOf(id).termsOf(id);

        fate.voided = true;
        fate.openChallenges--;
        challengeStatusOf[id][winner] = ChallengeStatus.CLOSED;

        emit Voided(id, winner, terms.claimant);

        IStakeManager(stake).slash(terms.claimant, terms.bond, winner);
        IStakeManager(stake).unlock(winner, terms.challengeBond);
        _sourceOf(id).onVoided(id);
    }

    /// @inheritdoc IClaims
    function uphold(ClaimId id, address challenger) external onlyGame {
        _requireOpen(id, challenger);
        Fate storage fate = _fates[id];
        // INVARIANT: nobody loses to a claim that lost.
        require(!fate.voided, WindowClosed(id, ClaimStatus.VOIDED));
        IClaimSource.ClaimTerms memory terms = _sourceOf(id).termsOf(id);

        uint32 others = --fate.openChallenges;
        challengeStatusOf[id][challenger] = ChallengeStatus.LOST;

        emit Upheld(id, challenger, terms.claimant);

        IStakeManager(stake).slash(challenger, terms.challengeBond, terms.claimant);
        if (others == 0) _sourceOf(id).onRestored(id);
    }

    /// @inheritdoc IClaims
    function forfeit(ClaimId id) external {
        require(msg.sender == availability || msg.sender == verdicts, NotForfeiting(msg.sender));
        IClaimSource.ClaimTerms memory terms = _terms(id);
        ClaimStatus status = _statusOf(id, terms);
        // INVARIANT: a deposit is lost once, and never after its time.
        require(status == ClaimStatus.STANDING, NotStanding(id, status));

        _fates[id].voided = true;

        emit Forfeited(id, terms.claimant, terms.bond);

        IStakeManager(stake).burnLocked(terms.claimant, terms.bond);
        _sourceOf(id).onVoided(id);
    }

    /// @inheritdoc IClaims
    function release(ClaimId id) external {
        IClaimSource.ClaimTerms memory terms = _terms(id);
        ClaimStatus status = _statusOf(id, terms);
        // INVARIANT: a bond stays as long as its claim can be challenged.
        require(status == ClaimStatus.FINAL, NotFinal(id, status));
        Fate storage fate = _fates[id];
        require(!fate.released, AlreadyReleased(id));

        fate.released = true;

        emit Released(id, terms.claimant, terms.bond);

        IStakeManager(stake).unlock(terms.claimant, terms.bond);
    }

    /// @inheritdoc IClaims
    function releaseChallenge(ClaimId id, address challenger) external onlyGame {
        IClaimSource.ClaimTerms memory terms = _terms(id);
        // INVARIANT: a challenge ends with its own game, or with its claim.
        require(_fates[id].voided, NotVoided(id, _statusOf(id, terms)));
        _requireOpen(id, challenger);

        _fates[id].openChallenges--;
        challengeStatusOf[id][challenger] = ChallengeStatus.CLOSED;

        emit ChallengeReleased(id, challenger, terms.challengeBond);

        IStakeManager(stake).unlock(challenger, terms.challengeBond);
    }

    /// @inheritdoc IClaims
    function statusOf(ClaimId id) external view returns (ClaimStatus) {
        return _statusOf(id, _terms(id));
    }

    /// @inheritdoc IClaims
    function claimantOf(ClaimId id) external view returns (address) {
        return _terms(id).claimant;
    }

    /// @inheritdoc IClaims
    function isVoided(ClaimId id) external view returns (bool) {
        return _fates[id].voided;
    }

    /// @inheritdoc IClaims
    function isFinal(ClaimId id) external view returns (bool) {
        return _statusOf(id, _terms(id)) == ClaimStatus.FINAL;
    }

    /// @inheritdoc IClaims
    function isReleased(ClaimId id) external view returns (bool) {
        return _fates[id].released;
    }

    /// @inheritdoc IClaims
    function openChallengesOf(ClaimId id) external view returns (uint32) {
        return _fates[id].openChallenges;
    }

    function _requireOpen(ClaimId id, address challenger) private view {
        ChallengeStatus status = challengeStatusOf[id][challenger];
        require(status == ChallengeStatus.OPEN, NotChallenging(id, challenger, status));
    }

    /// @dev What a claim is about is known where it was made.
    function _sourceOf(ClaimId id) private view returns (IClaimSource) {
        ClaimKind kind = id.kind();
        if (kind == ClaimKind.PLEDGE) return IClaimSource(receipts);
        return IClaimSource(kind == ClaimKind.VERDICT ? verdicts : runs);
    }

    /// @dev Empty for a claim that was never posted: only then does its source not know it.
    function _terms(ClaimId id) private view returns (IClaimSource.ClaimTerms memory terms) {
        if (wordOf[id] != bytes32(0)) terms = _sourceOf(id).termsOf(id);
    }

    function _statusOf(ClaimId id, IClaimSource.ClaimTerms memory terms) private view returns (ClaimStatus) {
        if (wordOf[id] == bytes32(0)) return ClaimStatus.NONE;
        Fate storage fate = _fates[id];
        if (fate.voided) return ClaimStatus.VOIDED;
        if (fate.openChallenges != 0) return ClaimStatus.FROZEN;
        return now_().isAtOrAfter(terms.finalAt) ? ClaimStatus.FINAL : ClaimStatus.STANDING;
    }
}
