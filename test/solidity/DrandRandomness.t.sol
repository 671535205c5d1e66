// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Bn254Signatures} from "../../contracts/run/Bn254Signatures.sol";
import {DrandRandomness} from "../../contracts/run/DrandRandomness.sol";
import {IRandomness} from "../../contracts/run/IRandomness.sol";
import {Duration} from "../../contracts/types/Time.sol";
import {RecordedRounds} from "./lib/RecordedRounds.sol";
import {vm} from "./lib/Vm.sol";

/// @dev The library as a contract, so that it can be called.
contract Points {
    function hashToPoint(bytes32 message) external view returns (Bn254Signatures.G1 memory) {
        return Bn254Signatures.hashToPoint(message);
    }

    function isOnCurve(uint256 x, uint256 y) external pure returns (bool) {
        return Bn254Signatures.isOnCurve(Bn254Signatures.G1(x, y));
    }
}

contract DrandRandomnessTest {
    uint32 private constant DELAY = 60;
    uint32 private constant PATIENCE = 1 days;
    uint256 private constant P = 0x30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47;

    DrandRandomness private _randomness;
    RecordedRounds.Recorded private _round;

    function setUp() public {
        _randomness = deploy(RecordedRounds.network(), RecordedRounds.CHAIN_HASH);
        _round = RecordedRounds.all()[4];
        vm.warp(_randomness.dueAt(_round.round));
    }

    function deploy(DrandRandomness.Network memory network, bytes32 meant) private returns (DrandRandomness) {
        return new DrandRandomness(network, meant, Duration.wrap(DELAY), Duration.wrap(PATIENCE));
    }

    function hashOf(DrandRandomness.Network memory network) private pure returns (bytes32) {
        return sha256(abi.encodePacked(network.period, network.genesis, network.publicKey, network.seed, network.name));
    }

    function requireDraw(IRandomness.Draw expected, bytes32 expectedValue) private view {
        (IRandomness.Draw draw, bytes32 value) = _randomness.read(_round.round);
        require(draw == expected && value == expectedValue);
    }

    function test_constructor_anotherDescriptionThanTheNetworks_reverts() public {
        DrandRandomness.Network memory network = RecordedRounds.network();
        network.genesis += 1;
        bytes4 reason = DrandRandomness.WrongNetwork.selector;
        vm.expectRevert(abi.encodeWithSelector(reason, hashOf(network), RecordedRounds.CHAIN_HASH));
        deploy(network, RecordedRounds.CHAIN_HASH);
    }

    function test_constructor_aKeyThatIsNoPointOfTheGroup_reverts() public {
        expectInvalid(new bytes(128));
        expectInvalid("");
        bytes memory key = RecordedRounds.network().publicKey;
        expectInvalid(bytes.concat(key, hex"00"));
        key[127] ^= 0x01;
        expectInvalid(key);
    }

    function expectInvalid(bytes memory key) private {
        DrandRandomness.Network memory network = RecordedRounds.network();
        network.publicKey = key;
        bytes32 meant = hashOf(network);
        vm.expectRevert(DrandRandomness.InvalidPublicKey.selector);
        deploy(network, meant);
    }

    function test_request_isTheFirstRoundDueAfterTheDelay() public {
        vm.warp(RecordedRounds.GENESIS - DELAY - 1);
        require(_randomness.request() == 1);
        vm.warp(RecordedRounds.GENESIS - DELAY);
        require(_randomness.request() == 1);
        vm.warp(RecordedRounds.GENESIS - DELAY + 1);
        require(_randomness.request() == 2);
        vm.warp(RecordedRounds.GENESIS - DELAY + 3);
        require(_randomness.request() == 2);
        vm.warp(RecordedRounds.GENESIS - DELAY + 4);
        require(_randomness.request() == 3);
    }

    function test_request_isNeverDueBeforeTheDelay(uint48 time) public {
        vm.warp(time);
        uint64 round = _randomness.request();
        uint256 earliest = uint256(time) + DELAY;
        require(_randomness.dueAt(round) >= earliest);
        require(round == 1 || _randomness.dueAt(round - 1) < earliest);
    }

    function test_prove_publishedRounds_givesTheirRandomness() public {
        RecordedRounds.Recorded[5] memory rounds = RecordedRounds.all();
        for (uint256 i = 0; i < rounds.length; ++i) {
            vm.warp(_randomness.dueAt(rounds[i].round));
            _randomness.prove(rounds[i].round, rounds[i].signature);
            (IRandomness.Draw draw, bytes32 value) = _randomness.read(rounds[i].round);
            require(draw == IRandomness.Draw.READY && value == sha256(rounds[i].signature));
        }
    }

    function test_hashToPoint_isWhatDrandSigns() public {
        Bn254Signatures.G1 memory point = new Points().hashToPoint(keccak256(abi.encodePacked(uint64(9_337_227))));
        require(point.x == 0x1626082c3dd0751bdaaf8c3e709b5dd7cdedf45d4e81a5aa3e270f1e78924b32);
        require(point.y == 0x2bf29ab3af54dfe3c053ad4efa93db05d3586368463e9d7334c7ba61f6f4e955);
    }

    function test_hashToPoint_isOnTheCurve(bytes32 message) public {
        Points points = new Points();
        Bn254Signatures.G1 memory point = points.hashToPoint(message);
        require(points.isOnCurve(point.x, point.y));
    }

    function test_isOnCurve_takesOneEncodingOfAPoint() public {
        Points points = new Points();
        require(points.isOnCurve(1, 2) && points.isOnCurve(1, P - 2));
        require(!points.isOnCurve(1, 3) && !points.isOnCurve(0, 0));
        require(!points.isOnCurve(1 + P, 2) && !points.isOnCurve(1, 2 + P));
    }

    function test_prove_anotherSignature_reverts() public {
        expectWrong(RecordedRounds.all()[3].signature);
        (uint256 x, uint256 y) = abi.decode(_round.signature, (uint256, uint256));
        expectWrong(abi.encode(x, P - y));
        expectWrong(abi.encode(x + P, y));
        expectWrong(abi.encode(x, y + 1));
        expectWrong(abi.encode(0, 0));
    }

    function test_prove_aSignatureOfAnotherLength_reverts() public {
        expectWrong("");
        expectWrong(bytes.concat(_round.signature, hex"00"));
        bytes memory signature = _round.signature;
        assembly ("memory-safe") {
            mstore(signature, 63)
        }
        expectWrong(signature);
    }

    function expectWrong(bytes memory signature) private {
        require(!_randomness.isSignature(_round.round, signature));
        vm.expectRevert(abi.encodeWithSelector(DrandRandomness.WrongSignature.selector, _round.round));
        _randomness.prove(_round.round, signature);
    }

    function test_prove_twice_reverts() public {
        _randomness.prove(_round.round, _round.signature);
        vm.expectRevert(abi.encodeWithSelector(DrandRandomness.AlreadyProved.selector, _round.round));
        _randomness.prove(_round.round, _round.signature);
    }

    function test_prove_whenLost_reverts_andOneSecondBeforeCounts() public {
        uint256 lostAt = _randomness.dueAt(_round.round) + PATIENCE;
        vm.warp(lostAt);
        requireDraw(IRandomness.Draw.LOST, 0);
        vm.expectRevert(abi.encodeWithSelector(DrandRandomness.TooLate.selector, _round.round, lostAt));
        _randomness.prove(_round.round, _round.signature);
        vm.warp(lostAt - 1);
        requireDraw(IRandomness.Draw.PENDING, 0);
        _randomness.prove(_round.round, _round.signature);
        vm.warp(lostAt);
        requireDraw(IRandomness.Draw.READY, sha256(_round.signature));
    }
}
