// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IClaims} from "../../../contracts/claim/IClaims.sol";
import {IGame} from "../../../contracts/claim/IGame.sol";
import {IRules} from "../../../contracts/claim/rules/IRules.sol";
import {RunPrograms} from "../../../contracts/claim/RunPrograms.sol";
import {IRuns} from "../../../contracts/run/IRuns.sol";
import {IReceipts} from "../../../contracts/serve/IReceipts.sol";
import {IStakeManager} from "../../../contracts/stake/IStakeManager.sol";
import {ClaimId, ClaimKind, claimId} from "../../../contracts/types/ClaimId.sol";
import {Root} from "../../../contracts/types/Root.sol";
import {Instant, NEVER} from "../../../contracts/types/Time.sol";
import {GameFixture} from "../lib/GameFixture.sol";
import {vm} from "../lib/Vm.sol";

/// @dev A gateway with a pledge of 10 and a receipt of two tokens after a prompt of three, in a model that reads four.
contract ReceiptsTest is GameFixture {
    bytes32 private constant RECEIPT = keccak256(
        "Receipt(uint256 pledge,uint64 session,uint48 drawn,uint32 round,bytes32 root,bytes32 seed,uint32 temperature,uint32 topP,uint32 prompt,bytes32 tokens,uint48 expiresAt)"
    );
    address private constant GATEWAY = address(0x6a7e);
    uint256 private constant KEY = 0x5ec2e7;
    uint128 private constant BOND = 10 ether;
    bytes private constant TOKENS = "one!?";

    ClaimId private _id;

    function setUp() public override {
        super.setUp();
        fund(GATEWAY, STAKE);
        _id = pledgeOf(BOND);
    }

    function programs() internal view override returns (RunPrograms memory p) {
        p = super.programs();
        p.continuation = program;
        p.context = 4;
    }

    function pledgeOf(uint128 bond) private returns (ClaimId) {
        vm.prank(GATEWAY);
        return receipts.pledge(RUN, vm.addr(KEY), bond);
    }

    function endIt() private {
        vm.prank(GATEWAY);
        receipts.end(_id);
    }

    function bare() private view returns (IReceipts.Receipt memory receipt) {
        receipt.pledge = _id;
        receipt.session = 7;
        receipt.drawn = 8;
        receipt.round = 1;
        receipt.root = GENESIS;
        receipt.seed = "seed";
        receipt.temperature = 0x3f800000;
        receipt.topP = 0x3f800000;
        receipt.prompt = 3;
        receipt.tokens = keccak256(TOKENS);
        receipt.expiresAt = Instant.wrap(uint48(vm.getBlockTimestamp() + 100));
    }

    function digestOf(IReceipts.Receipt memory receipt) private view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Swarmlock Receipts"),
                keccak256("1"),
                block.chainid,
                receipts
            )
        );
        // All but the two words of the signature are what is signed.
        bytes memory content = abi.encode(receipt);
        assembly ("memory-safe") {
            mstore(content, sub(mload(content), 64))
        }
        return keccak256(abi.encodePacked(hex"1901", domain, keccak256(bytes.concat(RECEIPT, content))));
    }

    function signed(IReceipts.Receipt memory receipt, uint256 key) private view returns (IReceipts.Receipt memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digestOf(receipt));
        receipt.r = r;
        receipt.vs = bytes32((uint256(v - 27) << 255) | uint256(s));
        return receipt;
    }

    function right() private view returns (IReceipts.Receipt memory) {
        return signed(bare(), KEY);
    }

    function claim(IReceipts.Receipt memory receipt, uint256 index) private view {
        receipts.claimOf(_id, receipt, TOKENS, index, 4);
    }

    function expectRefusal(IReceipts.Receipt memory receipt, uint256 index, bytes memory reason) private {
        vm.expectRevert(reason);
        receipts.claimOf(_id, receipt, TOKENS, index, 4);
    }

    function openingOn(
        IReceipts.Receipt memory receipt,
        uint256 index
    ) private view returns (IGame.Opening memory open) {
        bytes32[] memory marks = new bytes32[](1);
        marks[0] = keccak256(abi.encode(receipt, index));
        open = IGame.Opening(_id, IGame.Subject.TOKEN, 0, marks, SALT);
    }

    function openOn(
        uint256 member,
        IGame.Opening memory open,
        IReceipts.Receipt memory receipt,
        uint256 index,
        bytes memory reason
    ) private returns (IGame.Position memory) {
        announceBy(member, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        pay(member);
        if (reason.length != 0) vm.expectRevert(reason);
        play.openOnToken{value: FEE}(open, receipt, TOKENS, index, p);
        return moved();
    }

    function challenge(uint256 member, uint256 index, bytes memory reason) private returns (IGame.Position memory) {
        return openOn(member, openingOn(right(), index), right(), index, reason);
    }

    // --------------------------------------------------------------------------------------------------------- pledges

    function test_pledge_locksItsBond_untilItIsEndedAndItsWindowIsOver() public {
        require(claims.statusOf(_id) == IClaims.ClaimStatus.STANDING && claims.claimantOf(_id) == GATEWAY, "no claim");
        require(stake.accountOf(GATEWAY).locked == BOND, "not locked");
        pass(365 days);
        bytes memory early = abi.encodeWithSelector(IClaims.NotFinal.selector, _id, IClaims.ClaimStatus.STANDING);
        vm.expectRevert(early);
        claims.release(_id);
        endIt();
        pass(CHALLENGE_WINDOW - 1);
        vm.expectRevert(early);
        claims.release(_id);
        pass(1);
        claims.release(_id);
        require(stake.accountOf(GATEWAY).locked == 0 && stake.accountOf(GATEWAY).free == STAKE, "not released");
    }

    function test_pledges_areNamedApart_andKnowTheirs() public {
        ClaimId second = pledgeOf(CHALLENGE_BOND);
        require(receipts.pledgesOf(RUN) == 2 && ClaimId.unwrap(second) == ClaimId.unwrap(_id) + 1, "other names");
        require(ClaimId.unwrap(_id) == ClaimId.unwrap(claimId(ClaimKind.PLEDGE, RUN, 0, 1)), "another name");
        IReceipts.Pledge memory kept = receipts.pledgeOf(second);
        require(kept.gateway == GATEWAY && kept.key == vm.addr(KEY) && kept.bond == CHALLENGE_BOND, "other fields");
        require(Instant.unwrap(kept.finalAt) == Instant.unwrap(NEVER), "ended");
    }

    function test_pledge_belowAChallengesBond_reverts_andAtItDoesNot() public {
        vm.expectRevert(abi.encodeWithSelector(IReceipts.PledgeTooSmall.selector, CHALLENGE_BOND - 1, CHALLENGE_BOND));
        pledgeOf(CHALLENGE_BOND - 1);
        pledgeOf(CHALLENGE_BOND);
    }

    function test_pledge_ofMoreThanIsFree_reverts() public {
        vm.expectRevert(
            abi.encodeWithSelector(IStakeManager.InsufficientFree.selector, GATEWAY, STAKE - BOND, STAKE - BOND + 1)
        );
        pledgeOf(STAKE - BOND + 1);
        pledgeOf(STAKE - BOND);
    }

    function test_pledge_forNoKey_orNoRun_reverts() public {
        vm.expectRevert(IReceipts.NoKey.selector);
        receipts.pledge(RUN, address(0), BOND);
        vm.expectRevert(abi.encodeWithSelector(IRuns.UnknownRun.selector, RUN + 1));
        receipts.pledge(RUN + 1, GATEWAY, BOND);
    }

    function test_end_byAnother_orTwice_reverts() public {
        vm.expectRevert(abi.encodeWithSelector(IReceipts.NotTheGateway.selector, address(this), GATEWAY));
        receipts.end(_id);
        endIt();
        vm.expectRevert(abi.encodeWithSelector(IReceipts.AlreadyEnded.selector, _id));
        endIt();
    }

    // -------------------------------------------------------------------------------------------------------- receipts

    function test_receipt_isTakenForEachTokenOfItsAnswer_andForNoOther() public {
        IReceipts.Receipt memory receipt = right();
        claim(receipt, 0);
        claim(receipt, 1);
        expectRefusal(receipt, 2, abi.encodeWithSelector(IReceipts.NoSuchToken.selector, 2, 3, 5, 4));
        uint256 most = type(uint256).max;
        expectRefusal(receipt, most, abi.encodeWithSelector(IReceipts.NoSuchToken.selector, most, 3, 5, 4));
    }

    function test_receipt_ofATokenBeyondTheContext_orAfterNothing_reverts() public {
        bytes memory beyond = abi.encodeWithSelector(IReceipts.NoSuchToken.selector, 1, 3, 5, 3);
        IReceipts.Receipt memory receipt = right();
        receipts.claimOf(_id, receipt, TOKENS, 0, 3);
        vm.expectRevert(beyond);
        receipts.claimOf(_id, receipt, TOKENS, 1, 3);
        receipt = bare();
        receipt.prompt = 0;
        expectRefusal(signed(receipt, KEY), 1, abi.encodeWithSelector(IReceipts.NoSuchToken.selector, 1, 0, 5, 4));
        receipt.prompt = 1;
        claim(signed(receipt, KEY), 0);
    }

    function test_receipt_signedByAnother_orChangedAfterwards_reverts() public {
        IReceipts.Receipt memory receipt = signed(bare(), KEY + 1);
        address forger = vm.addr(KEY + 1);
        expectRefusal(receipt, 0, abi.encodeWithSelector(IReceipts.NotSigned.selector, forger, vm.addr(KEY)));
        receipt = right();
        receipt.seed = "another seed";
        vm.expectPartialRevert(IReceipts.NotSigned.selector);
        receipts.claimOf(_id, receipt, TOKENS, 0, 4);
        receipt = right();
        receipt.r = 0;
        expectRefusal(receipt, 0, abi.encodeWithSelector(IReceipts.NotSigned.selector, address(0), vm.addr(KEY)));
    }

    function test_receipt_underAnotherPledge_reverts() public {
        IReceipts.Receipt memory receipt = right();
        ClaimId second = pledgeOf(BOND);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.OtherPledge.selector, _id, second));
        receipts.claimOf(second, receipt, TOKENS, 0, 4);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.UnknownPledge.selector, work));
        receipts.claimOf(work, receipt, TOKENS, 0, 4);
    }

    function test_receipt_expires() public {
        IReceipts.Receipt memory receipt = right();
        pass(99);
        claim(receipt, 0);
        pass(1);
        expectRefusal(receipt, 0, abi.encodeWithSelector(IReceipts.ReceiptExpired.selector, receipt.expiresAt));
    }

    function test_receipt_ofAStateThatTheRunHasNotStoodOn_reverts() public {
        IReceipts.Receipt memory receipt = bare();
        receipt.root = Root.wrap("own");
        receipt = signed(receipt, KEY);
        expectRefusal(receipt, 0, abi.encodeWithSelector(IReceipts.NotTheState.selector, 1, receipt.root, GENESIS));
        receipt = bare();
        receipt.round = 2;
        receipt = signed(receipt, KEY);
        expectRefusal(receipt, 0, abi.encodeWithSelector(IRuns.UnknownRound.selector, RUN, 2, 1));
    }

    function test_receipt_withOtherTokens_reverts() public {
        bytes memory other = "one!!";
        IReceipts.Receipt memory receipt = right();
        vm.expectRevert(abi.encodeWithSelector(IReceipts.NotTheTokens.selector, keccak256(other), keccak256(TOKENS)));
        receipts.claimOf(_id, receipt, other, 0, 4);
    }

    // ----------------------------------------------------------------------------------------------------------- games

    function test_open_isAboutTheTokenThatWasNamed() public {
        IGame.Position memory position = challenge(CHALLENGER, 1, "");
        (bytes32 start, bytes32 request, bytes32 token_) = receipts.claimOf(_id, right(), TOKENS, 1, 4);
        require(position.start == start && start == Root.unwrap(GENESIS), "another state");
        require(position.second == request && position.finish == token_, "another token");
        require(position.program == program && position.stage == IGame.Stage.INVOKE, "another program");
        require(claims.statusOf(_id) == IClaims.ClaimStatus.FROZEN, "not challenged");
    }

    function test_open_ofATokenThatWasNotAnnounced_reverts() public {
        IGame.Opening memory open = openingOn(right(), 0);
        bytes32 named = keccak256(abi.encode(right(), uint256(1)));
        openOn(
            CHALLENGER,
            open,
            right(),
            1,
            abi.encodeWithSelector(IRules.MarksMismatch.selector, open.marks[0], named)
        );
        open.marks = new bytes32[](0);
        openOn(CHALLENGER, open, right(), 1, abi.encodeWithSelector(IRules.WrongMarks.selector, 0, 1));
    }

    function test_open_withAnotherSubject_orProgram_orOnWork_reverts() public {
        IGame.Opening memory open = openingOn(right(), 0);
        open.subject = IGame.Subject.PAYLOAD;
        bytes memory reason = abi.encodeWithSelector(IRules.WrongSubject.selector, IGame.Subject.PAYLOAD);
        openOn(CHALLENGER, open, right(), 0, reason);
        open = openingOn(right(), 0);
        open.id = work;
        openOn(CHALLENGER, open, right(), 0, abi.encodeWithSelector(IReceipts.UnknownPledge.selector, work));
        open = openingOn(right(), 0);
        announceBy(CHALLENGER, open);
        vm.roll(vm.getBlockNumber() + 1);
        RunPrograms memory p = programs();
        p.context = 5;
        IReceipts.Receipt memory receipt = right();
        expectNotThePrograms(p);
        vm.prank(nodeOf(CHALLENGER));
        play.openOnToken(open, receipt, TOKENS, 0, p);
    }

    function test_open_twiceByOne_reverts_andByAnotherDoesNot() public {
        challenge(CHALLENGER, 0, "");
        bytes memory reason = abi.encodeWithSelector(IClaims.AlreadyChallenged.selector, _id, ownerOf(CHALLENGER));
        challenge(CHALLENGER, 1, reason);
        challenge(3, 1, "");
        require(claims.openChallengesOf(_id) == 2, "not two");
    }

    function test_open_afterTheWindowOfAnEndedPledge_reverts() public {
        endIt();
        pass(CHALLENGE_WINDOW - 1);
        challenge(CHALLENGER, 0, "");
        pass(1);
        bytes memory reason = abi.encodeWithSelector(IClaims.WindowClosed.selector, _id, IClaims.ClaimStatus.FROZEN);
        challenge(3, 0, reason);
    }

    function test_silence_losesThePledge() public {
        IGame.Position memory position = challenge(CHALLENGER, 0, "");
        pass(CLOCK);
        uint128 before = stake.accountOf(ownerOf(CHALLENGER)).free;
        play.timeOut(_id, ownerOf(CHALLENGER), position);
        require(claims.isVoided(_id) && stake.accountOf(GATEWAY).locked == 0, "not slashed");
        uint128 won = stake.accountOf(ownerOf(CHALLENGER)).free - before;
        require(won == BOND / 2 + CHALLENGE_BOND && stake.burned() >= BOND / 2, "not half");
        bytes memory reason = abi.encodeWithSelector(IClaims.WindowClosed.selector, _id, IClaims.ClaimStatus.VOIDED);
        challenge(3, 0, reason);
    }

    function test_trace_whoseFirstOutputIsAnotherToken_isRefused() public {
        IGame.Position memory position = challenge(CHALLENGER, 0, "");
        IGame.Trace memory other = trace;
        other.outputProof = new bytes32[](lowLevels() + highLevels());
        vm.prank(GATEWAY);
        vm.expectPartialRevert(IRules.NotUnderRoot.selector);
        play.answerTrace(_id, ownerOf(CHALLENGER), position, other);
        bytes32[] memory short = new bytes32[](2);
        other.outputProof = short;
        vm.prank(GATEWAY);
        vm.expectRevert(abi.encodeWithSelector(IRules.WrongProofLength.selector, 2, lowLevels() + highLevels()));
        play.answerTrace(_id, ownerOf(CHALLENGER), position, other);
    }
}
